import { Badge, Button, Collapse, Divider, Group, Stack, Text, Title, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMemo } from "react";
import { clock, duration } from "../../ui/format";
import { Panel } from "../../ui/Panel";
import { ToolCard } from "./ToolCard";
import classes from "./Transcript.module.css";
import { TurnWaterfall } from "./TurnWaterfall";
import { type CallDetail, type Line, lineAt, stageMarks, type ToolSpan, toolSpans } from "./timeline";
import { responseMs } from "./waterfall";

type Entry =
  | { at: number; line: Line; index: number }
  | { at: number; tool: ToolSpan }
  | { at: number; stage: string; byTool: string | null };

const SPEAKER: Record<Line["role"], string> = { user: "Caller", assistant: "Agent", operator: "Operator's hint" };

/** Everything that was said and done, in order; a press on a line goes there on the axis. */
export function Transcript({ call, at, onSeek }: { call: CallDetail; at: number; onSeek: (ms: number) => void }) {
  const entries = useMemo(() => entriesOf(call), [call]);
  const current = lineAt(call.transcript, at);
  return (
    <Panel component="section" aria-label="Transcript">
      <Title order={2} mb="md">
        Transcript
      </Title>
      {entries.length === 0 && <Text c="dimmed">Nothing was said.</Text>}
      <Stack gap="sm">
        {entries.map((entry) => {
          if ("line" in entry)
            return <Said key={`line-${entry.index}`} line={entry.line} isCurrent={entry.index === current && at > 0} onSeek={onSeek} />;
          if ("tool" in entry) return <ToolCard key={entry.tool.run.run_key} run={entry.tool.run} at={entry.tool.from} />;
          return (
            <Divider
              key={`stage-${entry.at}-${entry.stage}`}
              labelPosition="left"
              label={entry.byTool ? `Stage ${entry.stage}, after ${entry.byTool}` : `Stage ${entry.stage}`}
            />
          );
        })}
      </Stack>
    </Panel>
  );
}

function entriesOf(call: CallDetail): Entry[] {
  const entries: Entry[] = [
    ...stageMarks(call).map(({ at, stage, byTool }) => ({ at, stage, byTool })),
    ...toolSpans(call).map((tool) => ({ at: tool.from, tool })),
    ...call.transcript.map((line, index) => ({ at: line.started_at_ms, line, index })),
  ];
  return entries.sort((one, other) => one.at - other.at);
}

function Said({ line, isCurrent, onSeek }: { line: Line; isCurrent: boolean; onSeek: (ms: number) => void }) {
  const [isOpen, { toggle }] = useDisclosure(false);
  const response = responseMs(line.waterfall);
  return (
    <div className={classes.said} data-role={line.role} data-current={isCurrent || undefined} aria-current={isCurrent ? "time" : undefined}>
      <Group gap="xs" justify="space-between">
        <Group gap="xs">
          <Text size="xs" fw={600}>
            {SPEAKER[line.role]}
          </Text>
          <UnstyledButton
            className={classes.time}
            onClick={() => onSeek(line.started_at_ms)}
            aria-label={`Go to ${clock(line.started_at_ms)}`}
          >
            {clock(line.started_at_ms)}
          </UnstyledButton>
          {line.interrupted && <Badge variant="default">interrupted</Badge>}
        </Group>
        {line.waterfall && (
          <Button size="compact-xs" variant="subtle" color="gray" onClick={toggle} aria-expanded={isOpen}>
            {response === null ? "times" : `answered in ${duration(response)}`}
          </Button>
        )}
      </Group>
      <Text>{line.text || "…"}</Text>
      {line.waterfall && (
        <Collapse expanded={isOpen}>
          <TurnWaterfall waterfall={line.waterfall} />
        </Collapse>
      )}
    </div>
  );
}
