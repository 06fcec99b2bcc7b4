import {
  ActionIcon,
  Button,
  Checkbox,
  Group,
  SegmentedControl,
  Select,
  TagsInput,
  Text,
  Textarea,
  TextInput,
  Tooltip,
} from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { Section } from "../../../../ui/Section";
import { canonical } from "../../advanced/settings/canonical";
import { JsonField } from "../../advanced/settings/JsonField";
import styles from "../ToolPage.module.css";
import { objectFrom } from "../try/arguments";
import {
  isNested,
  isObject,
  type JsonObject,
  KIND_WORDS,
  nestedJson,
  newParameter,
  type Parameter,
  type ParameterKind,
  parameterProblems,
  parametersOf,
  schemaOf,
  withKind,
} from "./parameters";

interface ParametersSectionProps {
  schema: JsonObject;
  onChange: (schema: JsonObject) => void;
  isReadOnly: boolean;
}

/** Rows being edited, with the schema that they were read from and the one that they last gave. */
interface Editing {
  base: JsonObject;
  given: string;
  rows: Parameter[];
}

/** What the model must say when it calls the tool: as a form or as JSON Schema, both of the same thing. */
export function ParametersSection({ schema, onChange, isReadOnly }: ParametersSectionProps) {
  const [view, setView] = useState<"form" | "json">("form");
  const [editing, setEditing] = useState<Editing | null>(null);
  const text = canonical(schema);
  const isCurrent = editing !== null && editing.given === text;
  const base = isCurrent ? editing.base : schema;
  const rows = isCurrent ? editing.rows : parametersOf(schema);
  const problems = parameterProblems(rows ?? []);
  const isForm = view === "form" && rows !== null;

  function edit(next: Parameter[]) {
    // Rows with a name twice or none wait here; the schema stays what it was.
    const isGood = Object.keys(parameterProblems(next)).length === 0;
    const nextSchema = isGood ? schemaOf(base, next) : schema;
    setEditing({ base, given: canonical(nextSchema), rows: next });
    if (isGood) onChange(nextSchema);
  }

  return (
    <Section
      title="Parameters"
      description="What the model has to give. Checked before the tool runs; a mistake goes back to the model."
      actions={
        <SegmentedControl
          aria-label="Edit the parameters as"
          value={isForm ? "form" : "json"}
          onChange={(value) => setView(value === "json" ? "json" : "form")}
          data={[
            { value: "form", label: "Form", disabled: rows === null },
            { value: "json", label: "JSON Schema" },
          ]}
        />
      }
    >
      {isForm ? (
        <>
          {rows.length === 0 && <Text c="dimmed">None: the model calls the tool without saying anything.</Text>}
          {rows.map((row) => (
            <ParameterRow
              key={row.key}
              parameter={row}
              problem={problems[row.key]}
              isReadOnly={isReadOnly}
              onChange={(next) => edit(rows.map((item) => (item.key === row.key ? next : item)))}
              onRemove={() => edit(rows.filter((item) => item.key !== row.key))}
            />
          ))}
          {!isReadOnly && (
            <Button variant="default" mt="sm" leftSection={<IconPlus size={14} />} onClick={() => edit([...rows, newParameter(rows)])}>
              Add parameter
            </Button>
          )}
        </>
      ) : (
        <>
          {rows === null && (
            <Text c="dimmed" mb="xs">
              This schema is not a plain object of parameters, so it can only be edited as JSON.
            </Text>
          )}
          <JsonField label="JSON Schema" value={schema} read={objectFrom} onChange={onChange} isReadOnly={isReadOnly} minRows={8} />
        </>
      )}
    </Section>
  );
}

interface ParameterRowProps {
  parameter: Parameter;
  problem: string | undefined;
  isReadOnly: boolean;
  onChange: (parameter: Parameter) => void;
  onRemove: () => void;
}

function ParameterRow({ parameter, problem, isReadOnly, onChange, onRemove }: ParameterRowProps) {
  const { name, kind } = parameter;
  const kinds = (Object.keys(KIND_WORDS) as ParameterKind[]).filter((item) => item !== "other" || kind === "other");
  return (
    <fieldset className={styles.parameter} aria-label={`Parameter ${name}`}>
      <TextInput
        aria-label="Name"
        value={name}
        error={problem}
        readOnly={isReadOnly}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
        onChange={(event) => onChange({ ...parameter, name: event.currentTarget.value })}
      />
      <Select
        aria-label="Type"
        value={kind}
        readOnly={isReadOnly}
        data={kinds.map((value) => ({ value, label: KIND_WORDS[value] }))}
        onChange={(value) => value && onChange(withKind(parameter, value as ParameterKind))}
      />
      <Textarea
        aria-label="Description"
        placeholder="What it is, for the model"
        value={parameter.description}
        minRows={1}
        readOnly={isReadOnly || (kind === "other" && !isObject(parameter.schema))}
        onChange={(event) => onChange({ ...parameter, description: event.currentTarget.value })}
      />
      <Group gap="xs" wrap="nowrap" mih={36}>
        <Checkbox
          label="Required"
          checked={parameter.isRequired}
          disabled={isReadOnly}
          onChange={(event) => onChange({ ...parameter, isRequired: event.currentTarget.checked })}
        />
        {!isReadOnly && (
          <Tooltip label={`Remove ${name}`}>
            <ActionIcon variant="subtle" color="gray" aria-label={`Remove ${name}`} onClick={onRemove}>
              <IconTrash size={16} />
            </ActionIcon>
          </Tooltip>
        )}
      </Group>
      {(kind === "string" || kind === "integer" || kind === "number") && (
        <div className={styles.wide}>
          <TagsInput
            aria-label="Allowed values"
            placeholder={parameter.choices.length > 0 ? "" : "Allowed values, if only some are: type one, then Enter"}
            value={parameter.choices}
            readOnly={isReadOnly}
            variant="unstyled"
            onChange={(choices) =>
              onChange({ ...parameter, choices: kind === "string" ? choices : choices.filter((text) => Number.isFinite(Number(text))) })
            }
          />
        </div>
      )}
      {isNested(kind) && (
        <div className={styles.wide}>
          <JsonField
            label={`Schema of ${name}`}
            value={JSON.parse(nestedJson(parameter)) as unknown}
            read={(text) => JSON.parse(text) as unknown}
            isReadOnly={isReadOnly}
            onChange={(value) => onChange(withNested(parameter, value))}
          />
        </div>
      )}
    </fieldset>
  );
}

function withNested(parameter: Parameter, value: unknown): Parameter {
  if (!isObject(value)) return { ...parameter, kind: "other", schema: value };
  const schema = parameter.description ? { ...value, description: parameter.description } : value;
  const kind = value.type === "array" || value.type === "object" ? value.type : "other";
  return { ...parameter, kind, schema };
}
