import { Code, Stack, Text } from "@mantine/core";
import { IconTool } from "@tabler/icons-react";
import { duration } from "../../ui/format";
import { Json, StatusBadge } from "../agent/tools/runs/RunParts";
import type { ToolRun } from "./conversation";
import classes from "./Test.module.css";

/** A tool that ran: its name and outcome in one line, arguments and result behind it. */
export function ToolLine({ run }: { run: ToolRun }) {
  return (
    <details className={classes.tool}>
      <summary>
        <IconTool size={14} aria-hidden />
        <Code>{run.name}</Code>
        <StatusBadge status={run.status} />
        <Text span size="xs" c="dimmed" className="numeric">
          {duration(run.durationMs)}
          {run.isPreload ? " · preload" : ""}
        </Text>
        {run.errorCode && (
          <Text span size="xs" c="dimmed">
            {run.errorCode}
          </Text>
        )}
      </summary>
      <Stack gap="xs" my="xs">
        <Json title="Arguments" value={run.arguments} />
        <Json title="Result" value={run.result} />
      </Stack>
    </details>
  );
}
