import { Alert, Badge, Group, Select, Stack, Switch, Text, TextInput } from "@mantine/core";
import { $api, type Schemas } from "../../../../api/api";
import { messageOf } from "../../../../ui/ErrorState";
import { Section } from "../../../../ui/Section";
import { TextLink } from "../../../../ui/TextLink";
import { healthWords } from "../../../settings/providerWords";
import { useDraft } from "../../draft/DraftProvider";
import { Setting } from "../settings/Setting";
import { SliderSetting } from "../settings/SliderSetting";
import { problemOfField } from "../settings/typed";
import {
  defaultModel,
  isConfigured,
  KIND_TITLES,
  OFFLINE,
  type ProviderKind,
  platformChoice,
  providerLabel,
  providerOptions,
} from "./catalogue";
import { FallbacksField } from "./FallbacksField";

type Health = Schemas["ProviderHealth"];
type Thinking = NonNullable<Schemas["LlmSettings"]["thinking_level"]>;

const NONE = "";
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
      <Choice kind="llm" health={health} value={llm} onChange={(changes) => patch({ llm: changes })} />
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
        <Choice kind="stt" health={health} value={draft.stt} onChange={(changes) => patch({ stt: { ...draft.stt, ...changes } })} />
      )}
      {isVoice && (
        <Choice kind="tts" health={health} value={draft.tts} onChange={(changes) => patch({ tts: { ...draft.tts, ...changes } })} />
      )}
    </Section>
  );
}

function HealthLine({ health }: { health: Health[] }) {
  if (health.length === 0) return null;
  return (
    <Group gap="xs" role="list" aria-label="Health of the providers">
      {health.map((item) => {
        const state = healthWords(item);
        return (
          <Badge key={item.provider} role="listitem" {...(state.color === "gray" ? { variant: "default" } : { color: state.color })}>
            {providerLabel(item.provider)}: {state.text}
          </Badge>
        );
      })}
    </Group>
  );
}

interface ChoiceProps {
  kind: Exclude<ProviderKind, "realtime">;
  health: Health[];
  value: Schemas["SpeechSettings"] | undefined;
  onChange: (changes: { provider?: string | null; model?: string | null; fallbacks?: Schemas["FallbackChoice"][] | null }) => void;
}

function Choice({ kind, health, value, onChange }: ChoiceProps) {
  const { problem, isReadOnly } = useDraft();
  const provider = value?.provider ?? null;
  const own = platformChoice(kind, health);
  return (
    <Setting label={KIND_TITLES[kind]} shape="group" explanation={EXPLANATIONS[kind]} problem={problemOfField(problem, kind)}>
      {() => (
        <Stack gap="sm">
          <Group grow gap="xs" align="flex-start">
            <Select
              label="Provider"
              data={[{ value: NONE, label: "Platform's choice" }, ...providerOptions(kind, provider)]}
              value={provider ?? NONE}
              disabled={isReadOnly}
              onChange={(next) => onChange({ provider: next || null, model: null })}
            />
            <TextInput
              label="Model"
              value={value?.model ?? ""}
              placeholder={defaultModel(kind, provider ?? own, health) || "the provider's own"}
              maxLength={200}
              readOnly={isReadOnly}
              onChange={(event) => onChange({ model: event.currentTarget.value || null })}
            />
          </Group>
          {provider === null && (
            <Text size="xs" c="dimmed">
              Now {providerLabel(own)}: {own === OFFLINE ? "no other provider has a key." : "the first with a key."}
            </Text>
          )}
          {provider !== null && !isConfigured(kind, provider, health) && <NoKey provider={provider} />}
          <FallbacksField
            kind={kind}
            value={value?.fallbacks ?? null}
            onChange={(fallbacks) => onChange({ fallbacks })}
            isReadOnly={isReadOnly}
          />
        </Stack>
      )}
    </Setting>
  );
}

const EXPLANATIONS: Record<Exclude<ProviderKind, "realtime">, string> = {
  llm: "Decides what to say and which tools to call.",
  stt: "Turns the caller's speech into text.",
  tts: "Turns text into speech. Choosing a voice above chooses its provider.",
};

function NoKey({ provider }: { provider: string }) {
  return (
    <Text size="sm" c="var(--callstage-warn-ink)" role="status">
      {providerLabel(provider)} has no key, so calls would fall back.{" "}
      <TextLink to="/settings/$section" params={{ section: "providers" }} underline="always" size="sm">
        Store one
      </TextLink>
    </Text>
  );
}

function RealtimeSetting({ health }: { health: Health[] }) {
  const { draft, patch, isReadOnly, problem } = useDraft();
  const realtime = draft.realtime;
  const provider = realtime?.provider ?? null;
  const options = realtime?.options ?? {};
  const voice = typeof options.voice === "string" ? options.voice : "";
  return (
    <Setting
      label="One model for all"
      shape="group"
      explanation="A speech-to-speech model hears, thinks and speaks in one. Quicker and livelier; its words are checked less."
      problem={problemOfField(problem, "realtime")}
    >
      {() => (
        <Stack gap="sm">
          <Switch
            label={provider ? `${providerLabel(provider)} does it all` : "Hearing, thinking and speaking are separate"}
            checked={provider !== null}
            disabled={isReadOnly}
            onChange={(event) => patch({ realtime: event.currentTarget.checked ? { provider: "openai", model: null, options: {} } : null })}
          />
          {provider !== null && (
            <>
              <Group grow gap="xs" align="flex-start">
                <Select
                  label="Provider"
                  data={providerOptions("realtime", provider)}
                  value={provider}
                  disabled={isReadOnly}
                  onChange={(next) => patch({ realtime: { provider: next, model: null, options: {} } })}
                />
                <TextInput
                  label="Model"
                  value={realtime?.model ?? ""}
                  placeholder={defaultModel("realtime", provider, health) || "the provider's own"}
                  readOnly={isReadOnly}
                  onChange={(event) => patch({ realtime: { ...realtime, model: event.currentTarget.value || null } })}
                />
                <TextInput
                  label="Its voice"
                  value={voice}
                  placeholder="the model's own"
                  readOnly={isReadOnly}
                  onChange={(event) => {
                    const { voice: _, ...others } = options;
                    const next = event.currentTarget.value;
                    patch({ realtime: { ...realtime, options: next ? { ...others, voice: next } : others } });
                  }}
                />
              </Group>
              {!isConfigured("realtime", provider, health) && <NoKey provider={provider} />}
            </>
          )}
        </Stack>
      )}
    </Setting>
  );
}
