import { Badge, Collapse, Group, Paper, Stack, Text, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronRight } from "@tabler/icons-react";
import { clock, duration } from "../../ui/format";
import { Json, Lines } from "../../ui/Lines";
import { StatusBadge } from "../agent/tools/runs/StatusBadge";
import type { ToolRun } from "./timeline";

/** What every run tells; the record of a run has more. */
export type ShownRun = Pick<ToolRun, "tool" | "status" | "error_code" | "arguments" | "result" | "duration_ms" | "is_preload"> &
  Partial<Pick<ToolRun, "run_key" | "host_calls" | "logs">>;

/** One run of a tool: folded to a line, opened to everything that was sent and answered. `at`: when it began, on the axis of the call. */
export function ToolCard({ run, at }: { run: ShownRun; at?: number }) {
  const { host_calls: hostCalls = [], logs = [] } = run;
  const [isOpen, { toggle }] = useDisclosure(run.status !== "ok");
  return (
    <Paper
      id={run.run_key ? `tool-${run.run_key}` : undefined}
      withBorder
      bg="transparent"
      radius="md"
      component="article"
      aria-label={`Tool ${run.tool}`}
      style={{ flexShrink: 0 }}
    >
      <UnstyledButton w="100%" p="xs" onClick={toggle} aria-expanded={isOpen}>
        <Group gap="xs" wrap="nowrap">
          <IconChevronRight size={16} style={{ transform: isOpen ? "rotate(90deg)" : undefined, flexShrink: 0 }} aria-hidden />
          <Text size="sm" ff="monospace" truncate>
            {run.tool}
          </Text>
          <span style={{ flexShrink: 0 }}>
            <StatusBadge status={run.status} />
          </span>
          {run.is_preload && <Badge variant="default">preload</Badge>}
          <Text size="xs" c="dimmed" ml="auto" className="numeric" style={{ flexShrink: 0 }}>
            {at === undefined ? duration(run.duration_ms) : `${clock(at)} · ${duration(run.duration_ms)}`}
          </Text>
        </Group>
      </UnstyledButton>
      <Collapse expanded={isOpen}>
        <Stack gap="sm" p="xs" pt={0}>
          {run.error_code && <Text size="sm" c="var(--mantine-color-error)">{`Failed with ${run.error_code}`}</Text>}
          <Json title="Arguments" value={run.arguments} />
          <Json title="Result" value={run.result} />
          {hostCalls.length > 0 && <Json title="Calls to the backend" value={hostCalls} />}
          {logs.length > 0 && <Lines title="Log" lines={logs} />}
          {run.run_key && (
            <Text size="xs" c="dimmed">
              Run {run.run_key}
            </Text>
          )}
        </Stack>
      </Collapse>
    </Paper>
  );
}
