import { Code, Text } from "@mantine/core";

/** How a finding is repaired; what stands in backticks is code. */
export function Hint({ text }: { text: string }) {
  return (
    <Text size="sm" c="dimmed">
      {text.split("`").map((part, place) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity but their place
        place % 2 === 1 ? <Code key={place}>{part}</Code> : part,
      )}
    </Text>
  );
}
