import { Badge, Code, Collapse, Group, Paper, Stack, Text, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronRight } from "@tabler/icons-react";
import { clock, duration } from "../../ui/format";
import type { ToolSpan } from "./timeline";

/** What a status means for whoever reads the call. */
const STATUS: Record<string, string> = {
  ok: "done",
  failed: "failed",
  timed_out: "took too long",
  unknown: "may have happened",
  cancelled: "cancelled",
};

/** One run of a tool: folded to a line, opened to everything that was sent and answered. */
export function ToolCard({ span }: { span: ToolSpan }) {
  const { run, from } = span;
  const [isOpen, { toggle }] = useDisclosure(run.status !== "ok");
  return (
    <Paper id={`tool-${run.run_key}`} withBorder radius="md" component="article" aria-label={`Tool ${run.tool}`}>
      <UnstyledButton w="100%" p="xs" onClick={toggle} aria-expanded={isOpen}>
        <Group gap="xs" wrap="nowrap">
          <IconChevronRight size={16} style={{ transform: isOpen ? "rotate(90deg)" : undefined, flexShrink: 0 }} aria-hidden />
          <Text size="sm" ff="monospace" truncate>
            {run.tool}
          </Text>
          <Badge variant="light" color={run.status === "ok" ? "signal" : "red"} style={{ flexShrink: 0 }}>
            {STATUS[run.status] ?? run.status}
          </Badge>
          {run.is_preload && <Badge variant="default">preload</Badge>}
          <Text size="xs" c="dimmed" ml="auto" className="numeric" style={{ flexShrink: 0 }}>
            {clock(from)} · {duration(run.duration_ms)}
          </Text>
        </Group>
      </UnstyledButton>
      <Collapse expanded={isOpen}>
        <Stack gap="xs" p="xs" pt={0}>
          {run.error_code && <Text size="sm" c="var(--mantine-color-error)">{`Failed with ${run.error_code}`}</Text>}
          <Json label="Arguments" value={run.arguments} />
          <Json label="Result" value={run.result} />
          {run.host_calls.length > 0 && <Json label="Calls to the backend" value={run.host_calls} />}
          {run.logs.length > 0 && <Json label="Log" value={run.logs} />}
          <Text size="xs" c="dimmed">
            Run {run.run_key}
          </Text>
        </Stack>
      </Collapse>
    </Paper>
  );
}

function Json({ label, value }: { label: string; value: unknown }) {
  const text = Array.isArray(value) && value.every((line) => typeof line === "string") ? value.join("\n") : JSON.stringify(value, null, 2);
  return (
    <div>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Code block mah={240} style={{ overflow: "auto" }} tabIndex={0} aria-label={label}>
        {text}
      </Code>
    </div>
  );
}
