import { NumberInput } from "@mantine/core";
import type { ReactNode } from "react";
import { useDraft } from "../../draft/DraftProvider";
import { Setting } from "./Setting";

interface NumberSettingProps {
  label: string;
  explanation: ReactNode;
  problem: string | undefined;
  /** "" while nothing stands there. */
  value: number | string;
  onChange: (value: number | string) => void;
  min: number;
  max: number;
  /** With a space before it: " days". */
  unit?: string;
  placeholder?: string;
}

/** A whole number with its unit. */
export function NumberSetting({ label, explanation, problem, value, onChange, min, max, unit, placeholder }: NumberSettingProps) {
  const { isReadOnly } = useDraft();
  return (
    <Setting label={label} explanation={explanation} problem={problem}>
      {(control) => (
        <NumberInput
          {...control}
          value={value}
          min={min}
          max={max}
          allowDecimal={false}
          suffix={unit}
          placeholder={placeholder}
          w={160}
          readOnly={isReadOnly}
          onChange={onChange}
        />
      )}
    </Setting>
  );
}
