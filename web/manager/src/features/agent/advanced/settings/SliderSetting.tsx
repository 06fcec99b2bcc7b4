import { Group, Slider, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useDraft } from "../../draft/DraftProvider";
import { Setting } from "./Setting";
import { problemOfField } from "./typed";

interface SliderSettingProps {
  field: string;
  label: string;
  explanation?: ReactNode;
  value: number;
  onChange: (value: number) => void;
  min: number;
  max: number;
  step: number;
  /** The value with its unit. */
  shown: string;
  /** What it does at this value. */
  words?: string;
  ends: [string, string];
}

/** A number of the draft as a slider that says what it does. */
export function SliderSetting({ field, label, explanation, value, onChange, min, max, step, shown, words, ends }: SliderSettingProps) {
  const { problem, isReadOnly } = useDraft();
  return (
    <Setting label={label} explanation={explanation} problem={problemOfField(problem, field)} shape="group">
      {() => (
        <div>
          <Group justify="space-between" gap="xs">
            <Text size="xs" c="dimmed">
              {ends[0]}
            </Text>
            <Text fw={500} className="numeric">
              {shown}
            </Text>
            <Text size="xs" c="dimmed">
              {ends[1]}
            </Text>
          </Group>
          <Slider
            my={6}
            value={value}
            min={min}
            max={max}
            step={step}
            label={null}
            disabled={isReadOnly}
            onChange={onChange}
            thumbLabel={label}
            thumbValueText={words ? `${shown}. ${words}` : shown}
          />
          {words && <Text size="sm">{words}</Text>}
        </div>
      )}
    </Setting>
  );
}
