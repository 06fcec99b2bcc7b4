import { Popover, Stack } from "@mantine/core";
import { RichTextEditor } from "@mantine/tiptap";
import { type ReactNode, useState } from "react";

interface ToolPopoverProps {
  label: string;
  icon: ReactNode;
  isActive: boolean;
  isDisabled: boolean;
  onOpen: () => void;
  /** What the fields do; false keeps them open. */
  onApply: () => boolean;
  children: (close: () => void) => ReactNode;
}

/** A button of the toolbar that asks for something first. */
export function ToolPopover({ label, icon, isActive, isDisabled, onOpen, onApply, children }: ToolPopoverProps) {
  const [isOpen, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-start" width={320} trapFocus returnFocus shadow="md">
      <Popover.Target>
        <RichTextEditor.Control
          aria-label={label}
          title={label}
          active={isActive}
          disabled={isDisabled}
          onClick={() => {
            if (!isOpen) onOpen();
            setOpen(!isOpen);
          }}
        >
          {icon}
        </RichTextEditor.Control>
      </Popover.Target>
      <Popover.Dropdown aria-label={label}>
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            // It stands inside the form of the mailbox, which must not be sent.
            event.stopPropagation();
            if (onApply()) close();
          }}
        >
          <Stack gap="sm">{children(close)}</Stack>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
