import { Group, Progress, Stack, Text, Title } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { useId } from "react";
import { Problem } from "../../../../ui/Problem";
import { RoleButton } from "../../../../ui/RoleButton";
import { TextLink } from "../../../../ui/TextLink";
import { CallResults } from "./CallResults";
import { LAST_CALLS, leftOutInWords, type Rehearsal, rehearsedIn, verdictInWords, whyNoneInWords } from "./rehearsal";
import type { RehearsalRun } from "./useRehearsal";

interface RehearsalSectionProps {
  agentId: string;
  run: RehearsalRun;
  /** Called by links that lead away. */
  onLeave: () => void;
}

/** Would recent calls go the same way with the draft? (rule D6) */
export function RehearsalSection({ agentId, run, onLeave }: RehearsalSectionProps) {
  const id = useId();
  const { result } = run;
  return (
    <section aria-labelledby={id}>
      <Title order={2} id={id} mb={4}>
        Recent calls
      </Title>
      <Text c="dimmed" mb="sm">
        Replays recorded calls against the draft, with what the tools answered then: would it go through the same stages, call the same
        tools and end the same way? No model is asked, nothing is written.
      </Text>
      <RoleButton
        needs="editor"
        variant="default"
        leftSection={<IconHistory size={16} />}
        onClick={() => void run.start()}
        loading={run.isRunning}
      >
        Rehearse with the last {LAST_CALLS} calls
      </RoleButton>
      {run.isRunning && <Running done={run.done} calls={run.calls} />}
      <Problem text={run.problem} />
      <div role="status">{result && <Verdict result={result} />}</div>
      {result && rehearsedIn(result) === 0 && <None result={result} agentId={agentId} onLeave={onLeave} />}
      {result && <CallResults calls={result.calls} onLeave={onLeave} />}
    </section>
  );
}

function Running({ done, calls }: { done: number; calls: number | null }) {
  const words = calls === null ? "Looking for calls…" : `${done} of ${calls} calls rehearsed`;
  return (
    <Stack gap={4} mt="sm">
      <Progress value={calls ? (100 * done) / calls : 0} aria-label="Rehearsal" />
      <Text size="sm" c="dimmed" className="numeric">
        {words}
      </Text>
    </Stack>
  );
}

function Verdict({ result }: { result: Rehearsal }) {
  if (result.calls.length === 0) return null;
  const more = [
    result.not_rehearsed > 0 ? `${result.not_rehearsed} could not be rehearsed.` : "",
    rehearsedIn(result) > 0 ? leftOutInWords(result) : "",
  ].filter(Boolean);
  return (
    <Group gap="xs" mt="md" mb="xs">
      <Text fw={600}>{verdictInWords(result)}</Text>
      {more.length > 0 && (
        <Text size="sm" c="dimmed">
          {more.join(" ")}
        </Text>
      )}
    </Group>
  );
}

/** Teaches how there come to be calls that may be used. */
function None({ result, agentId, onLeave }: { result: Rehearsal; agentId: string; onLeave: () => void }) {
  return (
    <Text mt="md" c="dimmed">
      {whyNoneInWords(result)} A call may be used when it is recorded and its caller was told so at the beginning:{" "}
      <TextLink to="/agents/$agentId/advanced" params={{ agentId }} hash="recording" underline="always" onClick={onLeave}>
        turn on recording and disclosure
      </TextLink>
      , deploy, and the calls that follow can be rehearsed.
    </Text>
  );
}
