import { Stack, Table, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Copyable } from "../../ui/Copyable";
import { count, duration } from "../../ui/format";
import { Panel } from "../../ui/Panel";
import { RelativeTime } from "../../ui/RelativeTime";
import type { CallDetail } from "./timeline";
import { channelWords, money, usageRows } from "./words";

/** Ids, times, and what the call consumed. */
export function CallFacts({ call }: { call: CallDetail }) {
  return (
    <Panel component="aside" aria-label="Facts">
      <Stack gap="sm">
        <Title order={2}>Facts</Title>
        <Fact label="Call id">
          <Copyable value={call.call_id} label="the call id" />
        </Fact>
        <Fact label="Trace id">
          <Copyable value={call.trace_id} label="the trace id" />
        </Fact>
        {call.session_id && (
          <Fact label="Session id">
            <Copyable value={call.session_id} label="the session id" />
          </Fact>
        )}
        {call.carrier_call_id && (
          <Fact label="Carrier's call id">
            <Copyable value={call.carrier_call_id} label="the carrier's call id" />
          </Fact>
        )}
        <Fact label="Channel">
          {channelWords(call.channel)}
          {call.direction && `, ${call.direction}`}
        </Fact>
        <Fact label="Started">
          <RelativeTime at={call.started_at} />
        </Fact>
        {call.answered_at && <Fact label="Rang for">{duration(Date.parse(call.answered_at) - Date.parse(call.started_at))}</Fact>}
        {call.takeovers > 0 && (
          <Fact label="Moved to another process">{count(call.takeovers)} times, without the caller noticing a cut</Fact>
        )}
        <Fact label="Cost of the AI providers">{money(call.cost)}</Fact>
        <Usage usage={call.usage ?? {}} />
        {call.caller_phone && (
          <Link to="/calls" search={{ number: call.caller_phone }}>
            All calls of this number
          </Link>
        )}
      </Stack>
    </Panel>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text component="div" size="sm">
        {children}
      </Text>
    </div>
  );
}

function Usage({ usage }: { usage: Record<string, unknown> }) {
  const figures = usageRows(usage);
  if (figures.length === 0) return null;
  return (
    <Table withRowBorders={false} verticalSpacing={2} horizontalSpacing={0} fz="sm">
      <caption className="visually-hidden">What the call consumed</caption>
      <Table.Tbody>
        {figures.map(({ label, figure }) => (
          <Table.Tr key={label}>
            <Table.Th scope="row" fw={400} c="dimmed">
              {label}
            </Table.Th>
            <Table.Td className="numeric">{figure}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
