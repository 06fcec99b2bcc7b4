import { NumberInput, Text } from "@mantine/core";
import { Section } from "../../../../ui/Section";
import { useDraft } from "../../draft/DraftProvider";
import { Setting } from "../settings/Setting";
import { SliderSetting } from "../settings/SliderSetting";
import { problemOfField } from "../settings/typed";
import { idleWords, maximumWords, sensitivityWords, silenceWords } from "./turnTaking";

/** Who speaks when. */
export function TurnTakingSection() {
  const { draft, patch } = useDraft();
  const sensitivity = draft.interruption_sensitivity ?? 0.5;
  const silence = draft.silence_threshold_ms ?? 700;
  const hasFarewell = Boolean(draft.farewell);
  return (
    <Section title="Turn-taking" anchor="turn-taking" description="When the agent listens, answers and gives up.">
      <SliderSetting
        field="interruption_sensitivity"
        label="Interruption sensitivity"
        explanation="How little caller speech cuts the agent off."
        value={sensitivity}
        onChange={(value) => patch({ interruption_sensitivity: Math.round(value * 100) / 100 })}
        min={0}
        max={1}
        step={0.05}
        shown={sensitivity.toFixed(2)}
        words={sensitivityWords(sensitivity)}
        ends={["never", "at once"]}
      />
      <SliderSetting
        field="silence_threshold_ms"
        label="Silence that ends a turn"
        explanation="How long the caller must be quiet before the agent answers."
        value={silence}
        onChange={(value) => patch({ silence_threshold_ms: value })}
        min={200}
        max={3000}
        step={50}
        shown={`${silence} ms`}
        words={silenceWords(silence)}
        ends={["brisk", "patient"]}
      />
      <SecondsSetting
        field="idle_timeout_s"
        label="Caller says nothing"
        value={draft.idle_timeout_s ?? 30}
        max={3600}
        words={idleWords(draft.idle_timeout_s ?? 30, hasFarewell)}
        onChange={(value) => patch({ idle_timeout_s: value })}
      />
      <SecondsSetting
        field="max_duration_s"
        label="Longest call"
        value={draft.max_duration_s ?? 600}
        max={86_400}
        words={maximumWords(draft.max_duration_s ?? 600, hasFarewell)}
        onChange={(value) => patch({ max_duration_s: value })}
      />
    </Section>
  );
}

interface SecondsSettingProps {
  field: string;
  label: string;
  value: number;
  max: number;
  words: string;
  onChange: (seconds: number) => void;
}

function SecondsSetting({ field, label, value, max, words, onChange }: SecondsSettingProps) {
  const { problem, isReadOnly } = useDraft();
  return (
    <Setting label={label} explanation={words} problem={problemOfField(problem, field)}>
      {(control) => (
        <>
          <NumberInput
            {...control}
            value={value}
            min={1}
            max={max}
            step={field === "max_duration_s" ? 60 : 5}
            allowDecimal={false}
            suffix=" s"
            w={140}
            readOnly={isReadOnly}
            onChange={(next) => typeof next === "number" && next >= 1 && next <= max && onChange(next)}
          />
          <Text size="xs" c="dimmed" mt={4}>
            1 to {max.toLocaleString("en")} s
          </Text>
        </>
      )}
    </Setting>
  );
}
