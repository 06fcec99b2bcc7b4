import { Code, Text } from "@mantine/core";
import { pretty } from "./eventTypes";

/** What was sent or answered, with its own scroll. */
export function Body({ title, text }: { title: string; text: string }) {
  return (
    <div>
      <Text size="sm" fw={500} mb={4}>
        {title}
      </Text>
      <Code block role="region" aria-label={title} tabIndex={0} mah={280} style={{ overflow: "auto" }}>
        {pretty(text)}
      </Code>
    </div>
  );
}
