import { Text } from "@mantine/core";

/** What an action answered, below its form. */
export function Problem({ text }: { text: string }) {
  if (!text) return null;
  return (
    <Text c="var(--mantine-color-error)" role="alert">
      {text}
    </Text>
  );
}
