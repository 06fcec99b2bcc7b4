import { Alert, Button, Drawer, Group, Stack, Text, Title } from "@mantine/core";
import { IconAlertCircle, IconCloudUpload } from "@tabler/icons-react";
import { useState } from "react";
import { ApiProblem, api, type Schemas } from "../../../api/api";
import { messageOf } from "../../../ui/ErrorState";
import { phone } from "../../../ui/format";
import { tell } from "../../../ui/notify";
import { ChangeList } from "../diff/ChangeList";
import { useDraft } from "../draft/DraftProvider";
import { type Conditions, DeployConditions } from "./DeployConditions";
import { EffectSummary } from "./EffectSummary";
import { FindingList } from "./FindingList";
import { RehearsalSection } from "./rehearsal/RehearsalSection";
import { LAST_CALLS } from "./rehearsal/rehearsal";
import { useRehearsal } from "./rehearsal/useRehearsal";
import { type DeployInfo, forgetDeployInfo } from "./useDeployInfo";

const STEPS = { idle: "", saving: "Saving the draft…", deploying: "Checking and deploying…" } as const;

/** What a deploy changes, what the tools can do and what stands against it, before it goes live. */
export default function DeployDialog({ info, onClose }: { info: DeployInfo; onClose: () => void }) {
  const { draft, flush, refresh } = useDraft();
  const [step, setStep] = useState<keyof typeof STEPS>("idle");
  const [problem, setProblem] = useState<{ text: string; findings: Schemas["FindingReply"][] } | null>(null);
  const [conditions, setConditions] = useState<Conditions>({ tests: false, calls: false });
  const rehearsal = useRehearsal(draft.agent_id, flush);
  const { facts, view, number } = info;
  const isVoice = facts.channel === "voice";

  async function deploy() {
    setProblem(null);
    try {
      setStep("saving");
      await flush();
      setStep("deploying");
      const { data } = await api.POST("/v1/agents/{agent_id}/deploy", {
        params: { path: { agent_id: draft.agent_id } },
        body: { require_tests: conditions.tests, rehearse_last: conditions.calls ? LAST_CALLS : null },
      });
      tell(`Deployment ${data?.deployment} is live${number ? ` on ${phone(number.number)}` : ""}.`);
      await Promise.all([refresh(), forgetDeployInfo()]);
      onClose();
    } catch (error) {
      setProblem({ text: messageOf(error), findings: findingsOf(error) });
      void forgetDeployInfo();
    } finally {
      setStep("idle");
    }
  }

  return (
    <Drawer opened onClose={onClose} position="right" size="lg" title={<Text fw={600}>{view.action}</Text>}>
      <Stack gap="xl">
        {info.findings.length > 0 && (
          <section aria-label="Findings">
            <Title order={2} mb="sm">
              {facts.errors ? "What blocks the deploy" : "Worth a look"}
            </Title>
            <FindingList findings={info.findings} draft={draft} onLeave={onClose} />
          </section>
        )}
        <section aria-label="Changes">
          <Title order={2} mb="sm">
            What changes
          </Title>
          {facts.deployment === null ? (
            <Text c="dimmed">
              This is the first deploy: {number ? `calls to ${phone(number.number)}` : "conversations"} will reach this agent.
            </Text>
          ) : info.changes.length > 0 ? (
            <ChangeList changes={info.changes} />
          ) : (
            <Text c="dimmed">{facts.hasChanges ? "The draft differs from what is live." : "The draft is what is live."}</Text>
          )}
        </section>
        <section aria-label="What the tools can do">
          <Title order={2} mb="sm">
            What the tools can do
          </Title>
          <EffectSummary effects={info.effects} />
        </section>
        {isVoice && <RehearsalSection agentId={draft.agent_id} run={rehearsal} onLeave={onClose} />}
        {problem && (
          <Alert color="red" icon={<IconAlertCircle size={18} />} title="Not deployed" role="alert">
            {problem.findings.length === 0 && <Text>{problem.text}</Text>}
            <FindingList findings={problem.findings} draft={draft} onLeave={onClose} />
          </Alert>
        )}
        <div>
          <DeployConditions agentId={draft.agent_id} isVoice={isVoice} conditions={conditions} onChange={setConditions} onLeave={onClose} />
          <Text c="dimmed" size="sm" mb="md">
            Conversations that run now go on as they began. You can go back to any earlier deployment.
          </Text>
          <Group justify="space-between">
            <Text c="dimmed" aria-live="polite">
              {STEPS[step]}
            </Text>
            <Group>
              <Button variant="default" onClick={onClose}>
                Not now
              </Button>
              <Button
                leftSection={<IconCloudUpload size={16} />}
                onClick={deploy}
                loading={step !== "idle"}
                disabled={Boolean(view.obstacle)}
                title={view.obstacle || undefined}
                data-autofocus
              >
                Deploy now
              </Button>
            </Group>
          </Group>
        </div>
      </Stack>
    </Drawer>
  );
}

function findingsOf(error: unknown): Schemas["FindingReply"][] {
  const found = error instanceof ApiProblem ? error.body.findings : null;
  return Array.isArray(found) ? (found as Schemas["FindingReply"][]).filter((finding) => finding.severity === "error") : [];
}
