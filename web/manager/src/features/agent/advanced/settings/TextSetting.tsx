import { TextInput } from "@mantine/core";
import type { HTMLInputTypeAttribute, ReactNode } from "react";
import { useDraft } from "../../draft/DraftProvider";
import { Setting } from "./Setting";
import { problemOfField, useTyped } from "./typed";

interface TextSettingProps {
  /** As the API calls it, for its message. */
  field: string;
  label: string;
  explanation?: ReactNode;
  value: string | null | undefined;
  onChange: (text: string) => void;
  check: (text: string) => string;
  placeholder?: string;
  type?: HTMLInputTypeAttribute;
}

/** One line of text of the draft. */
export function TextSetting({ field, label, explanation, value, onChange, check, placeholder, type = "text" }: TextSettingProps) {
  const { problem, isReadOnly } = useDraft();
  const typed = useTyped(value ?? "", onChange, check);
  return (
    <Setting label={label} explanation={explanation} problem={typed.problem || problemOfField(problem, field)}>
      {(control) => (
        <TextInput
          {...control}
          type={type}
          value={typed.value}
          placeholder={placeholder}
          readOnly={isReadOnly}
          onBlur={typed.onBlur}
          onChange={(event) => typed.onChange(event.currentTarget.value)}
        />
      )}
    </Setting>
  );
}
