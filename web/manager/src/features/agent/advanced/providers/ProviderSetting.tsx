import { Group, Select, Stack, Text, TextInput } from "@mantine/core";
import type { Schemas } from "../../../../api/api";
import { useDraft } from "../../draft/DraftProvider";
import { Setting } from "../settings/Setting";
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
import { NoKey } from "./NoKey";

const NONE = "";
const EXPLANATIONS: Record<Exclude<ProviderKind, "realtime">, string> = {
  llm: "Decides what to say and which tools to call.",
  stt: "Turns the caller's speech into text.",
  tts: "Turns text into speech. Choosing a voice above chooses its provider.",
};

interface ProviderSettingProps {
  kind: Exclude<ProviderKind, "realtime">;
  health: Schemas["ProviderHealth"][];
  value: Schemas["SpeechSettings"] | undefined;
  onChange: (changes: { provider?: string | null; model?: string | null; fallbacks?: Schemas["FallbackChoice"][] | null }) => void;
}

/** Who does one of the three, with which model, and who steps in (rule A5). */
export function ProviderSetting({ kind, health, value, onChange }: ProviderSettingProps) {
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
