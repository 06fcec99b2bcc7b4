import { Badge, Button, Group, Stack, Text } from "@mantine/core";
import { IconRecordMail } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { $api, api, BY_CURSOR, type Schemas } from "../../api/api";
import { ConfirmDanger } from "../../ui/ConfirmDanger";
import { EmptyState } from "../../ui/EmptyState";
import { duration, phone } from "../../ui/format";
import { tellProblem } from "../../ui/notify";
import { Page } from "../../ui/Page";
import { PagedList } from "../../ui/Paged";
import { Panel } from "../../ui/Panel";
import { RelativeTime } from "../../ui/RelativeTime";
import { useMay } from "../../ui/RoleGate";

type Voicemail = Schemas["Voicemail"];

export function VoicemailsPage() {
  const queries = useQueryClient();
  const voicemails = $api.useInfiniteQuery("get", "/v1/voicemails", { params: { query: { limit: 50 } } }, BY_CURSOR);
  const list = voicemails.data?.pages.flatMap((page) => page.voicemails) ?? [];
  const unheard = list.filter((voicemail) => !voicemail.is_heard).length;
  return (
    <Page title="Voicemail" description={unheard > 0 ? `${unheard} not heard yet` : undefined} width="text">
      <PagedList
        query={voicemails}
        rows={list}
        what="The voicemail"
        older="Show older messages"
        empty={
          <EmptyState icon={<IconRecordMail size={32} stroke={1.5} />} title="No messages">
            Give an agent the tool leave_voicemail, and callers can leave a message when nobody can help them at once. It is here with its
            words.
          </EmptyState>
        }
      >
        <Stack gap="sm" mb="sm">
          {list.map((voicemail) => (
            <Message
              key={voicemail.voicemail_id}
              voicemail={voicemail}
              onChanged={() => queries.invalidateQueries({ queryKey: ["get", "/v1/voicemails"] })}
            />
          ))}
        </Stack>
      </PagedList>
    </Page>
  );
}

function Message({ voicemail, onChanged }: { voicemail: Voicemail; onChanged: () => Promise<unknown> }) {
  const mayEdit = useMay("editor");
  const [isRemoving, setRemoving] = useState(false);
  const who = voicemail.caller_phone ? phone(voicemail.caller_phone) : "Somebody without a number";

  async function setHeard(is_heard: boolean) {
    try {
      await api.PATCH("/v1/voicemails/{voicemail_id}", { params: { path: { voicemail_id: voicemail.voicemail_id } }, body: { is_heard } });
      await onChanged();
    } catch (error) {
      tellProblem(error, "The message is unchanged");
    }
  }

  return (
    <Panel p="md" component="article" aria-label={`Message from ${who}`}>
      <Stack gap="xs">
        <Group justify="space-between">
          <Group gap="xs">
            <Text fw={600}>{who}</Text>
            {!voicemail.is_heard && <Badge variant="light">new</Badge>}
          </Group>
          <Text size="sm" c="dimmed">
            <RelativeTime at={voicemail.left_at} /> · {duration(voicemail.duration_ms)}
          </Text>
        </Group>
        {voicemail.reason && (
          <Text size="sm" c="dimmed">
            {voicemail.reason}
          </Text>
        )}
        <Text>{voicemail.transcript || "No words were recognised."}</Text>
        {voicemail.has_audio && (
          // biome-ignore lint/a11y/useMediaCaption: the words stand above
          <audio
            controls
            preload="none"
            src={`/v1/voicemails/${encodeURIComponent(voicemail.voicemail_id)}/audio`}
            aria-label={`Message from ${who}`}
            style={{ width: "100%" }}
            onEnded={() => mayEdit && !voicemail.is_heard && void setHeard(true)}
          />
        )}
        <Group justify="flex-end" gap="xs">
          <Link to="/calls/$callId" params={{ callId: voicemail.call_id }}>
            The call
          </Link>
          <Button variant="default" disabled={!mayEdit} onClick={() => void setHeard(!voicemail.is_heard)}>
            {voicemail.is_heard ? "Mark as new" : "Mark as heard"}
          </Button>
          <Button variant="subtle" color="red.8" disabled={!mayEdit} onClick={() => setRemoving(true)}>
            Delete
          </Button>
        </Group>
      </Stack>
      <ConfirmDanger
        isOpen={isRemoving}
        title={`Delete the message from ${who}?`}
        action="Delete the message"
        onClose={() => setRemoving(false)}
        onConfirm={async () => {
          await api.DELETE("/v1/voicemails/{voicemail_id}", { params: { path: { voicemail_id: voicemail.voicemail_id } } });
          await onChanged();
        }}
      >
        Its sound and its words are gone for good. The record of the call stays.
      </ConfirmDanger>
    </Panel>
  );
}
