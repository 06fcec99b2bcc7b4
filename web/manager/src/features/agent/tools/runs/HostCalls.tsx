import { Code, Group, Stack, Text, Title } from "@mantine/core";
import type { Schemas } from "../../../../api/api";
import { duration } from "../../../../ui/format";
import { Lines } from "../../../../ui/Lines";
import styles from "../ToolPage.module.css";
import { hostCallWords } from "./hostCall";

type HostCall = Schemas["HostCallReply"];

/** Calls to the outside in their order, each as long as it took. */
export function HostCalls({ calls }: { calls: HostCall[] }) {
  const longest = Math.max(1, ...calls.map((call) => call.duration_ms));
  return (
    <div>
      <Title order={3} mb={4}>
        Calls to the outside
      </Title>
      <Stack gap="xs" component="ol" m={0} pl="md">
        {calls.map((call, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a record of one run never changes its order
          <li key={place}>
            <HostCallLine call={call} longest={longest} />
          </li>
        ))}
      </Stack>
    </div>
  );
}

function HostCallLine({ call, longest }: { call: HostCall; longest: number }) {
  const { method, target } = hostCallWords(call.name);
  return (
    <Stack gap={4}>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text size="sm" style={{ overflowWrap: "anywhere" }}>
          <Code>{method}</Code> {target}
          {call.is_error && (
            <Text span size="sm" c="var(--mantine-color-error)">
              {" "}
              failed
            </Text>
          )}
        </Text>
        <Text size="sm" className="numeric" style={{ flexShrink: 0 }}>
          {duration(call.duration_ms)}
        </Text>
      </Group>
      <div className={styles.bar} data-failed={call.is_error || undefined} style={{ width: `${(call.duration_ms / longest) * 100}%` }} />
      {call.url && (
        <Text size="sm" style={{ overflowWrap: "anywhere" }}>
          POST {call.url}
          {call.status !== null && call.status !== undefined && ` answered ${call.status}`}
        </Text>
      )}
      {call.error && (
        <Text size="sm" c="var(--mantine-color-error)">
          {call.error}
        </Text>
      )}
      {call.response && <Lines title="" lines={[call.response]} />}
    </Stack>
  );
}
