import { SegmentedControl, Text } from "@mantine/core";
import { useId } from "react";
import type { ToolKind } from "./draftTools";

const KINDS: { value: ToolKind; label: string; about: string }[] = [
  { value: "code", label: "Code here", about: "Python in a sandbox, with your backend and your integrations at hand." },
  {
    value: "webhook",
    label: "Webhook to you",
    about: "A request to the agent's webhook address; your server answers with what the agent says.",
  },
];

interface KindFieldProps {
  kind: ToolKind;
  isReadOnly?: boolean;
  /** With a sentence about the chosen kind. */
  isExplained?: boolean;
  onChange: (kind: ToolKind) => void;
}

/** How a tool of one's own runs. */
export function KindField({ kind, isReadOnly = false, isExplained = false, onChange }: KindFieldProps) {
  const id = useId();
  return (
    <div>
      <Text size="sm" fw={500} mb={4} id={id}>
        Runs as
      </Text>
      <SegmentedControl
        aria-labelledby={id}
        value={kind}
        disabled={isReadOnly}
        onChange={(value) => onChange(value as ToolKind)}
        data={KINDS.map(({ value, label }) => ({ value, label }))}
      />
      {isExplained && (
        <Text size="sm" c="dimmed" mt={4}>
          {KINDS.find(({ value }) => value === kind)?.about}
        </Text>
      )}
    </div>
  );
}
