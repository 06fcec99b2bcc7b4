import { Badge, Button, Grid, Group, Menu, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { $api, api } from "../../api/api";
import { ConfirmDanger } from "../../ui/ConfirmDanger";
import { ErrorState } from "../../ui/ErrorState";
import { duration, phone } from "../../ui/format";
import { Loading } from "../../ui/Loading";
import { Page } from "../../ui/Page";
import { RelativeTime } from "../../ui/RelativeTime";
import { useMay } from "../../ui/RoleGate";
import { SaveTest } from "../test/tests/SaveTest";
import { CallFacts } from "./CallFacts";
import { CallTimeline } from "./CallTimeline";
import { Transcript } from "./Transcript";
import type { CallDetail } from "./timeline";
import { ADVICE, channelWords, FAULT, outcome } from "./words";

const LIVE_REFRESH_MS = 2000;

export function CallPage() {
  const { callId } = useParams({ from: "/shell/calls/$callId" });
  const call = $api.useQuery(
    "get",
    "/v1/calls/{call_id}",
    { params: { path: { call_id: callId } } },
    { refetchInterval: (query) => (query.state.data?.status === "ended" ? false : LIVE_REFRESH_MS) },
  );
  if (call.error) {
    return (
      <Page title="Call">
        <ErrorState error={call.error} what="This call" onRetry={call.refetch} />
        <Text ta="center">
          <Link to="/calls">All calls</Link>
        </Text>
      </Page>
    );
  }
  if (!call.data) {
    return (
      <Page title="Call">
        <Loading lines={8} />
      </Page>
    );
  }
  return <CallView key={callId} call={call.data} />;
}

function CallView({ call }: { call: CallDetail }) {
  const { t } = useSearch({ from: "/shell/calls/$callId" });
  const navigate = useNavigate();
  const [at, setAt] = useState(() => Math.max(0, (t ?? 0) * 1000));

  // The second stands in the address when somebody went there, not while it plays: the address is for links.
  const goTo = useCallback(
    (ms: number) => {
      setAt(ms);
      void navigate({
        to: "/calls/$callId",
        params: { callId: call.call_id },
        search: { t: Math.round(ms / 100) / 10 },
        replace: true,
        resetScroll: false,
      });
    },
    [navigate, call.call_id],
  );

  const who = call.caller_phone ? phone(call.caller_phone) : channelWords(call.channel);
  return (
    <Page
      title={call.to_number ? `${who} → ${phone(call.to_number)}` : who}
      description={
        <Group gap="xs">
          {call.agent_id && (
            <Link to="/agents/$agentId/stages" params={{ agentId: call.agent_id }}>
              {call.agent_id}
            </Link>
          )}
          {call.deployment ? <Text size="sm">deployment {call.deployment}</Text> : <Text size="sm">draft</Text>}
          <Text size="sm">
            <RelativeTime at={call.started_at} />
          </Text>
          {call.duration_ms !== null && <Text size="sm">{duration(call.duration_ms)}</Text>}
          {call.is_test && <Badge variant="default">test</Badge>}
        </Group>
      }
      actions={<Actions call={call} />}
    >
      <Stack gap="lg">
        <Outcome call={call} />
        <CallTimeline call={call} at={at} onPlay={setAt} onSeek={goTo} />
        <Grid gap="lg">
          <Grid.Col span={{ base: 12, lg: 8 }}>
            <Transcript call={call} at={at} onSeek={goTo} />
          </Grid.Col>
          <Grid.Col span={{ base: 12, lg: 4 }}>
            <CallFacts call={call} />
          </Grid.Col>
        </Grid>
      </Stack>
    </Page>
  );
}

function Outcome({ call }: { call: CallDetail }) {
  const isFine = !call.fault || call.fault === "nobody";
  return (
    <Group gap="sm" role="status">
      <Badge size="lg" variant="light" color={isFine ? "signal" : "red"}>
        {outcome(call)}
      </Badge>
      {call.fault && (
        <Text size="sm" c="dimmed">
          {isFine ? "" : `To mend by: ${FAULT[call.fault]}. `}
          {ADVICE[call.fault]}
        </Text>
      )}
      {call.summary && <Text size="sm">{call.summary}</Text>}
    </Group>
  );
}

function Actions({ call }: { call: CallDetail }) {
  const mayEdit = useMay("editor");
  const queries = useQueryClient();
  const [isTesting, setTesting] = useState(false);
  const [isRemoving, setRemoving] = useState(false);
  const source = useMemo(() => ({ from_call_id: call.call_id }), [call.call_id]);
  const audio = `/v1/calls/${encodeURIComponent(call.call_id)}/recording?download=true`;
  return (
    <>
      {call.agent_id && (
        <Button variant="default" disabled={!mayEdit || call.status !== "ended"} onClick={() => setTesting(true)}>
          Make this a test
        </Button>
      )}
      {call.recording && (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button variant="default">Recording</Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item component="a" href={audio} download>
              Download the audio
            </Menu.Item>
            <Menu.Item color="red" disabled={!mayEdit} onClick={() => setRemoving(true)}>
              Delete the recording…
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
      {call.agent_id && isTesting && <SaveTest agentId={call.agent_id} source={source} onClose={() => setTesting(false)} />}
      <ConfirmDanger
        isOpen={isRemoving}
        title="Delete the recording of this call?"
        action="Delete the recording"
        onClose={() => setRemoving(false)}
        onConfirm={async () => {
          await api.DELETE("/v1/calls/{call_id}/recording", { params: { path: { call_id: call.call_id } } });
          await queries.invalidateQueries({ queryKey: ["get", "/v1/calls/{call_id}"] });
        }}
      >
        The audio is gone for good. The transcript, the tools and the times stay.
      </ConfirmDanger>
    </>
  );
}
