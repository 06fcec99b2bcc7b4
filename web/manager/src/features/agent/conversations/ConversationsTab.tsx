import { Badge, Box, Button, Group, Table, Text } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { IconMail, IconMessages, IconPhoneIncoming, IconPhoneOutgoing } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { api, type Schemas } from "../../../api/api";
import { EmptyState } from "../../../ui/EmptyState";
import { ErrorState } from "../../../ui/ErrorState";
import { duration, phone } from "../../../ui/format";
import { Loading } from "../../../ui/Loading";
import { RelativeTime } from "../../../ui/RelativeTime";
import { TextLink } from "../../../ui/TextLink";
import { ENDED } from "../../calls/words";
import { useDraft } from "../draft/DraftProvider";
import { mergedTimeline } from "./timeline";

type Call = Schemas["CallRecord"];
type Mail = Schemas["ConversationView"];

const timeOf = (item: Call | Mail) => ("call_id" in item ? item.started_at : item.last_event_at);

/** Calls, chats and mail threads of this agent, newest first. */
export function ConversationsTab() {
  const { draft } = useDraft();
  const agentId = draft.agent_id;
  useDocumentTitle(`${draft.display_name}: Conversations · Callstage`);
  const calls = useInfiniteQuery({
    queryKey: ["get", "/v1/calls", "of agent", agentId],
    initialPageParam: "",
    queryFn: async ({ pageParam }) => {
      const query = { agent_id: agentId, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) };
      return (await api.GET("/v1/calls", { params: { query } })).data;
    },
    getNextPageParam: (page) => page?.next_cursor ?? undefined,
  });
  const mails = useInfiniteQuery({
    queryKey: ["get", "/v1/conversations", "of agent", agentId],
    initialPageParam: "",
    queryFn: async ({ pageParam }) => {
      const query = { agent_id: agentId, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) };
      return (await api.GET("/v1/conversations", { params: { query } })).data;
    },
    getNextPageParam: (page) => page?.next_cursor ?? undefined,
  });

  const error = calls.error ?? mails.error;
  if (error)
    return <ErrorState error={error} what="The conversations" onRetry={() => void Promise.all([calls.refetch(), mails.refetch()])} />;
  const items = mergedTimeline<Call, Mail>(
    { items: calls.data?.pages.flatMap((page) => page?.calls ?? []) ?? [], hasMore: calls.isPending || calls.hasNextPage },
    { items: mails.data?.pages.flatMap((page) => page?.conversations ?? []) ?? [], hasMore: mails.isPending || mails.hasNextPage },
    timeOf,
  );
  const hasMore = calls.hasNextPage || mails.hasNextPage;

  function more() {
    if (calls.hasNextPage) void calls.fetchNextPage();
    if (mails.hasNextPage) void mails.fetchNextPage();
  }

  return (
    <Box p={{ base: "md", sm: "xl" }} maw={1200}>
      {calls.isPending || mails.isPending ? (
        <Loading lines={6} />
      ) : items.length === 0 ? (
        <EmptyState icon={<IconMessages size={28} stroke={1.5} />} title="Nobody has talked to this agent yet">
          Its calls, chats and mails will stand here.{" "}
          <TextLink to="/agents/$agentId/test" params={{ agentId }} underline="always">
            Talk to the draft yourself
          </TextLink>{" "}
          to see the first one.
        </EmptyState>
      ) : (
        <>
          <Group justify="space-between" mb="md">
            <Text c="dimmed">Newest first</Text>
            <TextLink to="/calls" search={{ agent_id: agentId }}>
              All its calls, with filters and export
            </TextLink>
          </Group>
          <ConversationTable items={items} />
          {hasMore && (
            <Button variant="default" mt="md" loading={calls.isFetchingNextPage || mails.isFetchingNextPage} onClick={more}>
              Show older ones
            </Button>
          )}
        </>
      )}
    </Box>
  );
}

function ConversationTable({ items }: { items: readonly (Call | Mail)[] }) {
  return (
    <Table.ScrollContainer minWidth={600}>
      <Table verticalSpacing="xs" highlightOnHover>
        <caption className="visually-hidden">Conversations of this agent, newest first</caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">With</Table.Th>
            <Table.Th scope="col">What</Table.Th>
            <Table.Th scope="col">When</Table.Th>
            <Table.Th scope="col" data-numeric>
              Duration
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map((item) =>
            "call_id" in item ? <CallRow key={item.call_id} call={item} /> : <MailRow key={item.session_id} mail={item} />,
          )}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function CallRow({ call }: { call: Call }) {
  const other = call.direction === "outbound" ? call.to_number : call.caller_phone;
  const Icon = call.channel === "chat" ? IconMessages : call.direction === "outbound" ? IconPhoneOutgoing : IconPhoneIncoming;
  const who = other ? phone(other) : call.channel === "chat" ? "Chat on a page" : "Browser";
  const what = call.summary ?? (call.ended_reason ? ENDED[call.ended_reason] : "Going on");
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap="xs" wrap="nowrap">
          <Icon size={16} style={{ flexShrink: 0 }} aria-label={call.direction ?? "call"} />
          <TextLink to="/calls/$callId" params={{ callId: call.call_id }}>
            {who}
          </TextLink>
          {call.is_test && (
            <Badge variant="default" tt="none" fw={500}>
              Test
            </Badge>
          )}
        </Group>
      </Table.Td>
      <Table.Td>
        <Text lineClamp={1}>{what}</Text>
      </Table.Td>
      <Table.Td>
        <RelativeTime at={call.started_at} />
      </Table.Td>
      <Table.Td data-numeric>{call.duration_ms === null ? "" : duration(call.duration_ms)}</Table.Td>
    </Table.Tr>
  );
}

function MailRow({ mail }: { mail: Mail }) {
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap="xs" wrap="nowrap">
          <IconMail size={16} style={{ flexShrink: 0 }} aria-label="Mail" />
          <TextLink to="/conversations/$sessionId" params={{ sessionId: mail.session_id }}>
            {mail.address}
          </TextLink>
        </Group>
      </Table.Td>
      <Table.Td>
        <Text lineClamp={1}>
          {mail.subject_line || "No subject"}
          {mail.forwarded_to && (
            <Text span c="dimmed">
              {" "}
              · handed to {mail.forwarded_to}
            </Text>
          )}
        </Text>
      </Table.Td>
      <Table.Td>
        <RelativeTime at={mail.last_event_at} />
      </Table.Td>
      <Table.Td />
    </Table.Tr>
  );
}
