import { Alert, Anchor, Badge, Code, Group, Stack, Table, Text, Title } from "@mantine/core";
import type { Schemas } from "../../../../api/api";
import { duration } from "../../../../ui/format";
import { Json, Lines } from "../../../../ui/Lines";
import { HostCalls } from "../runs/HostCalls";
import { StatusBadge } from "../runs/StatusBadge";
import { adviceOf, failedLine } from "./failure";

type Tried = Schemas["ToolTried"];

/** What came of a trial. */
export function TryResult({ tried, onShowLine }: { tried: Tried; onShowLine?: ((line: number) => void) | undefined }) {
  const line = failedLine(tried);
  const advice = adviceOf(tried);
  return (
    <Stack gap="sm" component="section" aria-label="Result of the trial">
      <Group gap="xs">
        <StatusBadge status={tried.status} />
        {tried.dry_run && <Badge variant="default">Dry run</Badge>}
        <Text size="sm" className="numeric">
          {duration(tried.duration_ms)}
        </Text>
      </Group>
      {tried.error && (
        <Alert color="red" title={tried.error} styles={{ title: { overflowWrap: "anywhere" } }}>
          {line > 0 && onShowLine && (
            <Anchor component="button" type="button" size="sm" onClick={() => onShowLine(line)}>
              Show line {line}
            </Anchor>
          )}
          {advice && <Text size="sm">{advice}</Text>}
        </Alert>
      )}
      {tried.speech && <Text>The AI would say: “{tried.speech}”</Text>}
      {tried.status === "ok" && <Json title="Result" value={tried.result} />}
      {tried.status !== "ok" && <Scope names={tried.scope ?? []} />}
      {tried.writes.length > 0 && <NotSent writes={tried.writes} />}
      {tried.host_calls.length > 0 && <HostCalls calls={tried.host_calls} />}
      {tried.logs.length > 0 && <Lines title="Log" lines={tried.logs} />}
      {Object.keys(tried.session).length > 0 && <Json title="Session after" value={tried.session} />}
    </Stack>
  );
}

function NotSent({ writes }: { writes: Tried["writes"] }) {
  return (
    <div>
      <Title order={3}>Not sent</Title>
      <Text size="sm" c="dimmed">
        What a real run would have written, in order.
      </Text>
      <Stack gap="xs" component="ol" pl="md" my="xs">
        {writes.map((write, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a record of one run never changes its order
          <li key={place}>
            <Code>
              {write.operation} {write.target}
            </Code>
            <Json title="" value={write.arguments} />
          </li>
        ))}
      </Stack>
    </div>
  );
}

function Scope({ names }: { names: Tried["scope"] }) {
  if (names.length === 0) return null;
  return (
    <div>
      <Title order={3}>What the names held</Title>
      <Table.ScrollContainer minWidth={300} type="native" style={{ position: "relative" }}>
        <Table>
          <Table.Caption className="visually-hidden">Names of the code when it broke</Table.Caption>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th>Type</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {names.map((item) => (
              <Table.Tr key={item.name}>
                <Table.Td>
                  <Code>{item.name}</Code>
                </Table.Td>
                <Table.Td>{item.type}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </div>
  );
}
