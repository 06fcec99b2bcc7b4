import { SegmentedControl } from "@mantine/core";
import type { ReactNode } from "react";
import { useDraft } from "../../draft/DraftProvider";
import { Setting } from "./Setting";
import { problemOfField } from "./typed";

interface ChoiceSettingProps<Value extends string> {
  /** As the API calls it, for its message. */
  field: string;
  label: string;
  explanation: ReactNode;
  value: Value;
  options: { value: Value; label: string }[];
  onChange: (value: Value) => void;
}

/** One of a few things that the draft can be. */
export function ChoiceSetting<Value extends string>({ field, label, explanation, value, options, onChange }: ChoiceSettingProps<Value>) {
  const { problem, isReadOnly } = useDraft();
  return (
    <Setting label={label} shape="group" explanation={explanation} problem={problemOfField(problem, field)}>
      {() => <SegmentedControl aria-label={label} value={value} disabled={isReadOnly} data={options} onChange={onChange} />}
    </Setting>
  );
}
