import { Textarea } from "@mantine/core";
import { useState } from "react";
import { messageOf } from "../../../../ui/ErrorState";
import { canonical } from "./canonical";

interface JsonFieldProps<Value> {
  label: string;
  description?: string;
  value: Value;
  /** Reads what was typed. Throws an Error with words for people. */
  read: (text: string) => Value;
  onChange: (value: Value) => void;
  isReadOnly?: boolean;
  problem?: string | undefined;
  minRows?: number;
}

/** A value as JSON. Text that cannot be read stays in the field, with the reason below it. */
export function JsonField<Value>({
  label,
  description,
  value,
  read,
  onChange,
  isReadOnly = false,
  problem,
  minRows = 2,
}: JsonFieldProps<Value>) {
  const [typed, setTyped] = useState<{ text: string; problem: string } | null>(null);
  const isStale = typed !== null && typed.problem === "" && !isSame(typed.text, value, read);
  const text = typed === null || isStale ? shownAs(value) : typed.text;
  return (
    <Textarea
      label={label}
      description={description}
      value={text}
      readOnly={isReadOnly}
      minRows={minRows}
      maxRows={16}
      spellCheck={false}
      styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
      error={(typed !== null && !isStale && typed.problem) || problem}
      onChange={(event) => {
        const next = event.currentTarget.value;
        try {
          const nextValue = read(next);
          setTyped({ text: next, problem: "" });
          onChange(nextValue);
        } catch (error) {
          setTyped({ text: next, problem: messageOf(error) });
        }
      }}
    />
  );
}

/** Short values on one line, long ones over several. */
function shownAs(value: unknown): string {
  const line = JSON.stringify(value);
  return line.length <= 60 ? line : JSON.stringify(value, null, 2);
}

function isSame<Value>(text: string, value: Value, read: (text: string) => Value): boolean {
  try {
    return canonical(read(text)) === canonical(value);
  } catch {
    return false;
  }
}
