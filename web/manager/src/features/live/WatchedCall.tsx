import { Badge, Button, Group, Text, TextInput, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPhoneOff, IconSend } from "@tabler/icons-react";
import { useCallback, useState } from "react";
import { $api, api } from "../../api/api";
import { ConfirmDanger } from "../../ui/ConfirmDanger";
import { tell } from "../../ui/notify";
import { Panel } from "../../ui/Panel";
import { Problem } from "../../ui/Problem";
import { RoleGate, useMay } from "../../ui/RoleGate";
import { TextLink } from "../../ui/TextLink";
import { useSubmit } from "../../ui/useSubmit";
import classes from "./Live.module.css";
import { LiveLog } from "./LiveLog";
import { type Watched, withRecord } from "./liveState";
import { callerName, takesHints } from "./words";

/** One running call: its captions as they come, a hint for the AI, and its end (rule X4). */
export function WatchedCall({ watched }: { watched: Watched }) {
  const { call, ended } = watched;
  const [isEnding, ending] = useDisclosure(false);
  // What was said before this page was opened.
  const record = $api.useQuery(
    "get",
    "/v1/calls/{call_id}",
    { params: { path: { call_id: call.call_id } } },
    { staleTime: Number.POSITIVE_INFINITY },
  );
  const shown = record.data ? withRecord(watched, record.data.transcript) : watched;
  const agent = call.agent_name ?? call.agent_id ?? "The agent";
  const mayTell = ended === null && takesHints(call);
  return (
    <Panel p={{ base: "md", sm: "lg" }} component="section" aria-label={`Call of ${callerName(call)}`}>
      <Group justify="space-between" align="flex-start" mb="sm" gap="sm">
        <div style={{ minWidth: 0 }}>
          <Title order={2}>{callerName(call)}</Title>
          <Text c="dimmed" size="sm">
            with {agent}
            {call.stage ? `, in the stage ${call.stage}` : ""} ·{" "}
            <TextLink underline="always" to="/calls/$callId" params={{ callId: call.call_id }}>
              Open its record
            </TextLink>
          </Text>
        </div>
        {ended ? (
          <Badge color="gray">{ended.reason ? `Over: ${ended.reason.replaceAll("_", " ")}` : "Over"}</Badge>
        ) : (
          mayTell && (
            <RoleGate needs="editor">
              {(isAllowed) => (
                <Button variant="default" leftSection={<IconPhoneOff size={14} />} onClick={ending.open} disabled={!isAllowed}>
                  End the call
                </Button>
              )}
            </RoleGate>
          )
        )}
      </Group>
      <LiveLog items={shown.items} agent={agent} />
      {mayTell && <HintForm callId={call.call_id} />}
      {ended === null && !takesHints(call) && (
        <Text size="sm" c="dimmed" mt="md">
          Written conversations can be watched; hints are for calls.
        </Text>
      )}
      <ConfirmDanger
        isOpen={isEnding}
        title="End this call?"
        action={`End the call with ${callerName(call)}`}
        onClose={ending.close}
        onConfirm={() => api.POST("/v1/live/calls/{call_id}/end", { params: { path: { call_id: call.call_id } } })}
      >
        {callerName(call)} is cut off at once, in the middle of a sentence if need be, without a farewell.
      </ConfirmDanger>
    </Panel>
  );
}

function HintForm({ callId }: { callId: string }) {
  const [text, setText] = useState("");
  const mayHint = useMay("editor");
  const hint = useSubmit(
    useCallback(
      async (said: string) => {
        await api.POST("/v1/live/calls/{call_id}/hint", { params: { path: { call_id: callId } }, body: { text: said } });
        setText("");
        tell("The AI has the hint and acts on it from its next answer on.");
      },
      [callId],
    ),
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim()) void hint.submit(text.trim());
      }}
    >
      <div className={classes.hint}>
        <TextInput
          label="Hint for the AI"
          description="The caller does not hear it. The AI acts on it in its own words, from its next answer on."
          placeholder="Offer ten percent if the caller hesitates"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          disabled={!mayHint}
          maxLength={1000}
          autoComplete="off"
        />
        <RoleGate needs="editor">
          {(isAllowed) => (
            <Button type="submit" loading={hint.isBusy} disabled={!isAllowed || !text.trim()} leftSection={<IconSend size={14} />}>
              Send the hint
            </Button>
          )}
        </RoleGate>
      </div>
      <Problem text={hint.problem} />
    </form>
  );
}
