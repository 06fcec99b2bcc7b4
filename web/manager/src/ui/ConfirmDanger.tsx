import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { messageOf } from "./ErrorState";

interface ConfirmDangerProps {
  isOpen: boolean;
  title: string;
  /** What is lost, by name. */
  children: ReactNode;
  /** What the button does: "Delete Pizzeria Roma". */
  action: string;
  /** What the way out is called. */
  keep?: string;
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
}

/** Asks before something is lost. */
export function ConfirmDanger({ isOpen, title, children, action, keep = "Keep it", onConfirm, onClose }: ConfirmDangerProps) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  // While the dialog fades out, what it was about may be gone already.
  const [said, say] = useState({ title, action });
  if (isOpen && (said.title !== title || said.action !== action)) say({ title, action });

  async function confirm() {
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      onClose();
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Modal opened={isOpen} onClose={onClose} title={said.title}>
      <Stack>
        <Text component="div">{children}</Text>
        {error !== null && (
          <Text c="var(--mantine-color-error)" role="alert">
            {messageOf(error)}
          </Text>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {keep}
          </Button>
          <Button color="red.8" onClick={confirm} loading={isBusy}>
            {said.action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
