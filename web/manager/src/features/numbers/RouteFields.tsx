import { Group, Select, Textarea, TextInput } from "@mantine/core";
import { optionsOf } from "./routes";

interface RouteFieldsProps {
  label: string;
  description: string;
  /** What the kinds are called, and what their targets are. */
  words: Parameters<typeof optionsOf>[0];
  type: string;
  target: string;
  /** The first option, when there may be none: "Nothing". */
  none?: string;
  typeError?: string;
  targetError?: string;
  isDisabled?: boolean;
  onChange: (type: string, target: string) => void;
}

const NONE = "none";

/** Where to: the kind, and beside it the target that this kind has. */
export function RouteFields({
  label,
  description,
  words,
  type,
  target,
  none,
  typeError,
  targetError,
  isDisabled,
  onChange,
}: RouteFieldsProps) {
  const chosen = words[type];
  const data = none ? [{ value: NONE, label: none }, ...optionsOf(words)] : optionsOf(words);
  const targetProps = {
    label: chosen?.target ?? "",
    placeholder: chosen?.placeholder,
    description: chosen?.note,
    inputWrapperOrder: ["label", "input", "description", "error"] as ("label" | "input" | "description" | "error")[],
    value: target,
    error: targetError,
    disabled: isDisabled,
  };
  return (
    <Group align="flex-start" grow preventGrowOverflow={false} gap="sm">
      <Select
        label={label}
        description={description}
        inputWrapperOrder={["label", "input", "description", "error"]}
        data={data}
        value={type || NONE}
        disabled={isDisabled}
        error={typeError}
        onChange={(value) => onChange(value && value !== NONE ? value : "", "")}
      />
      {chosen?.target &&
        (type === "message" || type === "voicemail" ? (
          <Textarea {...targetProps} onChange={(event) => onChange(type, event.currentTarget.value)} />
        ) : (
          <TextInput
            {...targetProps}
            inputMode={chosen.isPhone ? "tel" : undefined}
            onChange={(event) => onChange(type, event.currentTarget.value)}
          />
        ))}
    </Group>
  );
}
