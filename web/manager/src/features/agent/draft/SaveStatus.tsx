import { ActionIcon, Button, Group, Text, Tooltip } from "@mantine/core";
import { IconArrowBackUp, IconArrowForwardUp } from "@tabler/icons-react";
import { useDraft } from "./DraftProvider";
import { useOtherAuthor } from "./lastAuthor";

/** Whether the draft is stored, and the way back and forth through what was done. */
export function SaveStatus() {
  const { saveState, problem, isReadOnly, retry, undo, redo, undoes, redoes } = useDraft();
  const author = useOtherAuthor();
  if (isReadOnly)
    return (
      <Tooltip label="Your role is viewer. Ask an owner of your workspace to make you an editor.">
        <Text size="sm" c="dimmed">
          You can look, not change
        </Text>
      </Tooltip>
    );
  return (
    <Group gap={4} wrap="nowrap">
      <Group gap={4} aria-live="polite" wrap="nowrap" style={{ minWidth: 0 }}>
        {saveState === "saved" && <Quiet text="Saved" />}
        {(saveState === "waiting" || saveState === "saving") && <Quiet text="Saving…" />}
        {saveState === "conflict" && <Loud text={`Not saved: the same thing was changed by ${author}`} />}
        {saveState === "failed" && (
          <>
            <Loud text={`Not saved: ${problem}`} />
            <Button variant="subtle" size="compact-sm" onClick={() => void retry().catch(() => undefined)}>
              Try again
            </Button>
          </>
        )}
      </Group>
      <Step label="Undo" keys="Ctrl Z" what={undoes?.label} onClick={undo} icon={<IconArrowBackUp size={16} />} />
      <Step label="Redo" keys="Ctrl Shift Z" what={redoes?.label} onClick={redo} icon={<IconArrowForwardUp size={16} />} />
    </Group>
  );
}

function Quiet({ text }: { text: string }) {
  return (
    <Text size="sm" c="dimmed">
      {text}
    </Text>
  );
}

function Loud({ text }: { text: string }) {
  return (
    <Text size="sm" c="var(--mantine-color-error)" lineClamp={2} title={text}>
      {text}
    </Text>
  );
}

interface StepProps {
  label: string;
  keys: string;
  what: string | undefined;
  onClick: () => void;
  icon: React.ReactNode;
}

function Step({ label, keys, what, onClick, icon }: StepProps) {
  return (
    <Tooltip label={what ? `${label}: ${what} (${keys})` : `Nothing to ${label.toLowerCase()}`}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={what ? `${label}: ${what}` : label}
        aria-disabled={!what}
        style={what ? undefined : { opacity: 0.45, cursor: "default" }}
        onClick={() => what && onClick()}
      >
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
