import { Badge, Group, Stack, Text, Title } from "@mantine/core";
import { Link, useParams } from "@tanstack/react-router";
import { $api, type Schemas } from "../../api/api";
import { Copyable } from "../../ui/Copyable";
import { ErrorState } from "../../ui/ErrorState";
import { Loading } from "../../ui/Loading";
import { Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { RelativeTime } from "../../ui/RelativeTime";
import { ToolCard } from "../calls/ToolCard";

type Mail = Schemas["MailTurn"];

/** An e-mail conversation: its mails and the tools that ran for them. */
export function ConversationPage() {
  const { sessionId } = useParams({ from: "/shell/conversations/$sessionId" });
  const conversation = $api.useQuery("get", "/v1/conversations/{session_id}", { params: { path: { session_id: sessionId } } });
  if (conversation.error) return <ErrorState error={conversation.error} what="This conversation" onRetry={conversation.refetch} />;
  const found = conversation.data;
  if (!found) {
    return (
      <Page title="Conversation">
        <Loading />
      </Page>
    );
  }
  const start = Date.parse(found.started_at);
  return (
    <Page
      title={found.subject_line || "Without a subject"}
      width="text"
      description={
        <Group gap="xs">
          <Text size="sm">{found.address}</Text>
          <Link to="/agents/$agentId/conversations" params={{ agentId: found.agent_id }}>
            {found.agent_id}
          </Link>
          <Badge variant="light">{found.status}</Badge>
          <Text size="sm">
            <RelativeTime at={found.last_event_at} />
          </Text>
        </Group>
      }
    >
      <Stack gap="lg">
        {found.handoff_reason && (
          <Text role="status">
            Handed to a person{found.forwarded_to ? `, ${found.forwarded_to}` : ""}: {found.handoff_reason}
          </Text>
        )}
        <Stack gap="sm">
          {found.transcript.map((mail) => (
            <MailCard key={mail.message_id || `${mail.turn}-${mail.role}`} mail={mail} />
          ))}
        </Stack>
        {found.tool_runs.length > 0 && (
          <Stack gap="sm" component="section" aria-label="Tools">
            <Title order={2}>Tools</Title>
            {found.tool_runs.map((run) => {
              const at = Math.max(0, Date.parse(run.at) - start - run.duration_ms);
              return <ToolCard key={run.run_key} run={run} at={at} />;
            })}
          </Stack>
        )}
        <Copyable value={found.session_id} label="the session id" />
      </Stack>
    </Page>
  );
}

function MailCard({ mail }: { mail: Mail }) {
  return (
    <Panel p="md" component="article" aria-label={mail.role === "user" ? `Mail from ${mail.address}` : "Answer of the agent"}>
      <Group justify="space-between" mb="xs">
        <Text size="sm" fw={600}>
          {mail.role === "user" ? mail.address : "Agent"}
        </Text>
        <Text size="sm" c="dimmed">
          <RelativeTime at={mail.occurred_at} />
        </Text>
      </Group>
      <Text style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>{mail.text}</Text>
    </Panel>
  );
}
