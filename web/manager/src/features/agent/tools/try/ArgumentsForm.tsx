import { NumberInput, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { KIND_WORDS, type Parameter } from "../schema/parameters";
import type { ArgumentTexts } from "./arguments";

interface ArgumentsFormProps {
  parameters: Parameter[];
  texts: ArgumentTexts;
  problems: Record<string, string>;
  onChange: (texts: ArgumentTexts) => void;
}

/** One field per parameter of the tool. */
export function ArgumentsForm({ parameters, texts, problems, onChange }: ArgumentsFormProps) {
  return (
    <Stack gap="sm">
      {parameters.map((parameter) => (
        <ArgumentField
          key={parameter.name}
          parameter={parameter}
          text={texts[parameter.name] ?? ""}
          problem={problems[parameter.name]}
          onChange={(text) => onChange({ ...texts, [parameter.name]: text })}
        />
      ))}
    </Stack>
  );
}

interface ArgumentFieldProps {
  parameter: Parameter;
  text: string;
  problem: string | undefined;
  onChange: (text: string) => void;
}

function ArgumentField({ parameter, text, problem, onChange }: ArgumentFieldProps) {
  const { name, kind, isRequired, description, choices } = parameter;
  const shown = { label: name, description, error: problem, withAsterisk: isRequired };
  if (choices.length > 0 || kind === "boolean") {
    const data = kind === "boolean" ? [yes, no] : choices.filter(Boolean).map((choice) => ({ value: choice, label: choice }));
    return (
      <Select
        {...shown}
        data={data}
        value={text || null}
        placeholder="not given"
        clearable={!isRequired}
        onChange={(value) => onChange(value ?? "")}
      />
    );
  }
  if (kind === "integer" || kind === "number") {
    return (
      <NumberInput
        {...shown}
        value={text}
        allowDecimal={kind === "number"}
        placeholder="not given"
        onChange={(value) => onChange(String(value))}
      />
    );
  }
  if (kind === "string") {
    return <TextInput {...shown} value={text} placeholder="not given" onChange={(event) => onChange(event.currentTarget.value)} />;
  }
  return (
    <Textarea
      {...shown}
      value={text}
      placeholder={`${KIND_WORDS[kind]} as JSON`}
      styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

const yes = { value: "true", label: "yes" };
const no = { value: "false", label: "no" };
