import { Switch } from "@mantine/core";
import type { ReactNode } from "react";
import { useDraft } from "../../draft/DraftProvider";
import { Setting } from "./Setting";
import { problemOfField } from "./typed";

interface ToggleSettingProps {
  /** As the API calls it, for its message. */
  field: string;
  label: string;
  explanation: ReactNode;
  isOn: boolean;
  /** What the switch says in each state. */
  on: string;
  off: string;
  onChange: (isOn: boolean) => void;
  /** What follows from the state. */
  children?: ReactNode;
}

/** A yes or no of the draft; the switch says the state in words. */
export function ToggleSetting({ field, label, explanation, isOn, on, off, onChange, children }: ToggleSettingProps) {
  const { problem, isReadOnly } = useDraft();
  return (
    <Setting shape="toggle" label={label} explanation={explanation} problem={problemOfField(problem, field)}>
      {(_, toggle) => (
        <>
          <Switch
            {...toggle}
            label={isOn ? on : off}
            checked={isOn}
            disabled={isReadOnly}
            onChange={(event) => onChange(event.currentTarget.checked)}
          />
          {children}
        </>
      )}
    </Setting>
  );
}
