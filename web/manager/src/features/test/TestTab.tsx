import { Alert, Button, Group, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconMessage, IconMicrophone, IconMicrophoneOff, IconPhoneOff, IconPlayerPlay } from "@tabler/icons-react";
import { useCallback, useState } from "react";
import { ApiProblem, type Schemas } from "../../api/api";
import { EmptyState } from "../../ui/EmptyState";
import { messageOf } from "../../ui/ErrorState";
import { Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { useMay } from "../../ui/RoleGate";
import { FindingList } from "../agent/deploy/FindingList";
import { useDraft } from "../agent/draft/DraftProvider";
import { ActivityBadge } from "./ActivityBadge";
import { CallerPanel } from "./CallerPanel";
import { Composer } from "./Composer";
import { ConversationLog } from "./ConversationLog";
import { type Caller, keepCaller, phoneProblem, readCaller } from "./caller";
import { stateInWords } from "./inWords";
import { LevelMeter } from "./LevelMeter";
import { StatePanel } from "./StatePanel";
import classes from "./Test.module.css";
import { SaveTest } from "./tests/SaveTest";
import { TestsPanel } from "./tests/TestsPanel";
import { type Talk, useConversation } from "./useConversation";

/** Talk or write to the draft, see why it answers as it does, and keep conversations as tests (rules D4, D6). */
export function TestTab() {
  const { draft, flush } = useDraft();
  const mayTalk = useMay("editor");
  const [caller, setCaller] = useState(() => readCaller(draft.agent_id, sessionStorage));
  const talk = useConversation(draft.agent_id, caller, flush);
  const [isSaving, saving] = useDisclosure(false);
  const { conversation } = talk;
  const isRunning = conversation.state !== "idle" && conversation.state !== "closed";
  const hasTurns = conversation.items.some((item) => item.kind === "said" && item.userTurn !== undefined && !item.isEarlier);
  const onCaller = useCallback(
    (changed: Caller) => {
      setCaller(changed);
      keepCaller(draft.agent_id, changed, sessionStorage);
    },
    [draft.agent_id],
  );
  const sayAgain = mayTalk && !talk.isPreparing && conversation.sessionId !== null ? talk.sayAgain : null;
  return (
    <Page
      title="Test"
      description="A conversation with the draft as it is now. Tools run for real: what they write is written."
      actions={
        <Button variant="default" onClick={saving.open} disabled={!hasTurns || !mayTalk}>
          Save as a test
        </Button>
      }
    >
      <div className={classes.columns}>
        <Panel p={{ base: "md", sm: "lg" }} className={classes.talk}>
          <Controls
            talk={talk}
            isRunning={isRunning}
            mayTalk={mayTalk && phoneProblem(caller.phone) === ""}
            channel={draft.channel ?? "voice"}
          />
          <StartProblem problem={talk.problem} draft={draft} />
          {conversation.items.length === 0 && !isRunning && !talk.isPreparing ? (
            <EmptyState title="Nothing said yet">
              Talk with the microphone or type. You see each answer as it comes, which tools ran with what, and what every pause was made
              of.
            </EmptyState>
          ) : (
            <ConversationLog conversation={conversation} onSayAgain={sayAgain} />
          )}
          <Composer
            onSend={talk.sendText}
            isDisabled={!isRunning}
            hint={isRunning ? (talk.mode === "voice" ? "Type instead of speaking" : "Write to the agent") : "Start a conversation first"}
          />
        </Panel>
        <div className={classes.side}>
          <StatePanel conversation={conversation} />
          <CallerPanel draft={draft} caller={caller} onChange={onCaller} />
        </div>
        <div className={classes.tests}>
          <TestsPanel draft={draft} save={flush} />
        </div>
      </div>
      {isSaving && conversation.sessionId && (
        <SaveTest
          agentId={draft.agent_id}
          source={{ from_session_id: conversation.sessionId }}
          isRunning={isRunning}
          onClose={saving.close}
        />
      )}
    </Page>
  );
}

function Controls({ talk, isRunning, mayTalk, channel }: { talk: Talk; isRunning: boolean; mayTalk: boolean; channel: "voice" | "chat" }) {
  const { conversation, mode, isMuted } = talk;
  if (!isRunning)
    return (
      <Group gap="xs" mb="md">
        {channel === "voice" && (
          <Button
            leftSection={<IconMicrophone size={16} />}
            onClick={() => void talk.start("voice")}
            loading={talk.isPreparing && mode === "voice"}
            disabled={!mayTalk}
          >
            Talk to the draft
          </Button>
        )}
        <Button
          variant={channel === "voice" ? "default" : "filled"}
          leftSection={<IconMessage size={16} />}
          onClick={() => void talk.start("chat")}
          loading={talk.isPreparing && mode === "chat"}
          disabled={!mayTalk}
        >
          Write to the draft
        </Button>
        {conversation.ended && <Text c="dimmed">{stateInWords(conversation)}</Text>}
      </Group>
    );
  return (
    <Group gap="sm" mb="md">
      <Button color="red.8" leftSection={<IconPhoneOff size={16} />} onClick={talk.end}>
        End
      </Button>
      {mode === "voice" && (
        <Button
          variant="default"
          leftSection={isMuted ? <IconMicrophoneOff size={16} /> : <IconMicrophone size={16} />}
          onClick={() => talk.mute(!isMuted)}
          aria-pressed={isMuted}
        >
          {isMuted ? "Unmute" : "Mute"}
        </Button>
      )}
      {mode === "voice" && <LevelMeter onLevels={talk.onLevels} />}
      <ActivityBadge conversation={conversation} mode={mode} isMuted={isMuted} />
      {conversation.isMicrophoneLost && <Text c="var(--mantine-color-error)">The microphone is gone; type instead.</Text>}
    </Group>
  );
}

function StartProblem({ problem, draft }: { problem: unknown; draft: ReturnType<typeof useDraft>["draft"] }) {
  if (problem === null) return null;
  const findings =
    problem instanceof ApiProblem && Array.isArray(problem.body.findings) ? (problem.body.findings as Schemas["FindingReply"][]) : [];
  const errors = findings.filter((finding) => finding.severity === "error");
  return (
    <Alert
      color="red"
      mb="md"
      role="alert"
      title={errors.length > 0 ? "The draft cannot run yet" : "The conversation did not start"}
      icon={<IconPlayerPlay size={16} />}
    >
      {errors.length > 0 ? <FindingList findings={errors} draft={draft} /> : <Text>{messageOf(problem)}</Text>}
    </Alert>
  );
}
