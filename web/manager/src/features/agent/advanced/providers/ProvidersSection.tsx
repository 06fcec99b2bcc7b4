import { Alert, Select, Text } from "@mantine/core";
import { $api, type Schemas } from "../../../../api/api";
import { messageOf } from "../../../../ui/ErrorState";
import { Section } from "../../../../ui/Section";
import { TextLink } from "../../../../ui/TextLink";
import { useDraft } from "../../draft/DraftProvider";
import { Setting } from "../settings/Setting";
import { SliderSetting } from "../settings/SliderSetting";
import { HealthLine } from "./HealthLine";
import { ProviderSetting } from "./ProviderSetting";
import { RealtimeSetting } from "./RealtimeSetting";

type Thinking = NonNullable<Schemas["LlmSettings"]["thinking_level"]>;

const THINKING: { value: Thinking; label: string }[] = [
  { value: "minimal", label: "Minimal: answers at once" },
  { value: "low", label: "Low" },
  { value: "medium", label: "Medium: noticeably later" },
  { value: "high", label: "High: too late for a phone" },
];

/** Who hears, thinks and speaks (rules A2, A5). */
export function ProvidersSection() {
  const { draft, patch, isReadOnly } = useDraft();
  const answer = $api.useQuery("get", "/v1/providers/health", { params: { query: { agent_id: draft.agent_id } } }, { staleTime: 30_000 });
  const health = answer.data?.providers ?? [];
  const isVoice = draft.channel !== "chat";
  const llm = draft.llm;
  const temperature = llm?.temperature ?? 0.7;
  const hasRealtime = Boolean(draft.realtime?.provider);
  return (
    <Section
      title="AI providers"
      anchor="providers"
      description={
        <>
          Who hears, thinks and speaks. Keys stand in{" "}
          <TextLink to="/settings/$section" params={{ section: "providers" }} underline="always">
            Settings, AI providers
          </TextLink>
          .
        </>
      }
    >
      {answer.error !== null && <Alert color="gray">The providers' health cannot be read now: {messageOf(answer.error)}</Alert>}
      <HealthLine health={health} />
      {isVoice && <RealtimeSetting health={health} />}
      {isVoice && hasRealtime && (
        <Text c="dimmed" pt="md">
          The three below stand by for when the speech-to-speech model fails.
        </Text>
      )}
      <ProviderSetting kind="llm" health={health} value={llm} onChange={(changes) => patch({ llm: changes })} />
      <SliderSetting
        field="temperature"
        label="Temperature"
        explanation="How freely the model words its answers."
        value={temperature}
        onChange={(value) => patch({ llm: { temperature: Math.round(value * 10) / 10 } })}
        min={0}
        max={2}
        step={0.1}
        shown={temperature.toFixed(1)}
        words={
          temperature <= 0.3
            ? "Nearly the same words each time."
            : temperature <= 1
              ? "Natural variety."
              : "Surprising, and sometimes wrong; rarely right for a business."
        }
        ends={["strict", "free"]}
      />
      <Setting label="Thinking" explanation="Models that can think first answer better, but later.">
        {(control) => (
          <Select
            {...control}
            data={THINKING}
            value={llm?.thinking_level ?? "minimal"}
            disabled={isReadOnly}
            onChange={(value) => patch({ llm: { thinking_level: value as Thinking } })}
          />
        )}
      </Setting>
      {isVoice && (
        <ProviderSetting
          kind="stt"
          health={health}
          value={draft.stt}
          onChange={(changes) => patch({ stt: { ...draft.stt, ...changes } })}
        />
      )}
      {isVoice && (
        <ProviderSetting
          kind="tts"
          health={health}
          value={draft.tts}
          onChange={(changes) => patch({ tts: { ...draft.tts, ...changes } })}
        />
      )}
    </Section>
  );
}
