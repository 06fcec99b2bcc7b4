import { Badge, Text, Title } from "@mantine/core";
import { useId } from "react";
import styles from "../ToolPage.module.css";

const STATUS: Record<string, [string, string]> = {
  ok: ["signal", "Done"],
  failed: ["red", "Failed"],
  timed_out: ["red", "Timed out"],
};

/** How a run ended. */
export function StatusBadge({ status }: { status: string }) {
  const [color, words] = STATUS[status] ?? [null, "Unknown"];
  return color === null ? <Badge variant="default">{words}</Badge> : <Badge color={color}>{words}</Badge>;
}

/** A value to read. */
export function Json({ title, value }: { title: string; value: unknown }) {
  return <Lines title={title} lines={[JSON.stringify(value, null, 2)]} />;
}

/** Text as it came, with its own scroll. */
export function Lines({ title, lines }: { title: string; lines: string[] }) {
  const id = useId();
  return (
    <div>
      {title && (
        <Title order={3} id={id} mb={4}>
          {title}
        </Title>
      )}
      <pre
        className={styles.lines}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        {...(title ? { "aria-labelledby": id, role: "region" } : { "aria-label": "Value", role: "region" })}
      >
        {lines.join("\n")}
      </pre>
    </div>
  );
}

/** Says that there is nothing. */
export function None({ children }: { children: string }) {
  return (
    <Text size="sm" c="dimmed">
      {children}
    </Text>
  );
}
