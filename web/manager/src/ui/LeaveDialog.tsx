import { Button, Group, Modal, Stack } from "@mantine/core";
import type { ReactNode } from "react";

interface LeaveDialogProps {
  title: string;
  onLeave: () => void;
  onStay: () => void;
  /** What is lost. */
  children: ReactNode;
}

/** Asks before a page is left whose changes are not stored (rule UI2). */
export function LeaveDialog({ title, onLeave, onStay, children }: LeaveDialogProps) {
  return (
    <Modal opened onClose={onStay} title={title}>
      <Stack>
        {children}
        <Group justify="flex-end">
          <Button variant="default" onClick={onLeave}>
            Leave without them
          </Button>
          <Button onClick={onStay} data-autofocus>
            Stay
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
