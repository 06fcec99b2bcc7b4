import { ActionIcon, Group, Select, Stack, Text, Textarea, Tooltip } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconTrash } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { Agent } from "../../agent/draft/agent";
import { endChoices, jsonProblem, KINDS, type Row, type RowOf, stageChoices, toolChoices } from "./steps";
import classes from "./Tests.module.css";

const OUTCOMES = [
  { value: "ok", label: "It is done" },
  { value: "failed", label: "It fails" },
  { value: "timed_out", label: "It takes too long" },
  { value: "unknown", label: "Nobody knows whether it happened" },
];

interface StepRowProps<Kind extends Row["kind"] = Row["kind"]> {
  row: RowOf<Kind>;
  draft: Agent;
  /** The API's message for a field of this row. */
  problem: (field: string) => string | undefined;
  onChange: (row: Row) => void;
}

interface PlacedProps extends StepRowProps {
  place: number;
  count: number;
  onMove: (by: -1 | 1) => void;
  onRemove: () => void;
}

/** One step with its fields; up, down, away. */
export function StepRow({ place, count, onMove, onRemove, ...props }: PlacedProps) {
  const { key, kind } = props.row;
  const name = `step ${place + 1}`;
  return (
    <li className={classes.step}>
      <Group justify="space-between" wrap="nowrap" mb={4}>
        <Text fw={500} id={`step-${key}`}>
          <span className={classes.number}>{place + 1}</span> {KINDS[kind]}
        </Text>
        <Group gap={4} wrap="nowrap">
          <Act label={`Move ${name} up`} focus={`${key}-up`} isOff={place === 0} onClick={() => onMove(-1)}>
            <IconArrowUp size={14} />
          </Act>
          <Act label={`Move ${name} down`} focus={`${key}-down`} isOff={place === count - 1} onClick={() => onMove(1)}>
            <IconArrowDown size={14} />
          </Act>
          <Act label={`Remove ${name}`} focus={`${key}-remove`} onClick={onRemove}>
            <IconTrash size={14} />
          </Act>
        </Group>
      </Group>
      <Fields {...props} />
    </li>
  );
}

function Fields({ row, ...rest }: StepRowProps) {
  switch (row.kind) {
    case "says":
      return <Says row={row} {...rest} />;
    case "calls":
      return <Calls row={row} {...rest} />;
    case "stage":
      return (
        <Select
          aria-labelledby={`step-${row.key}`}
          data-focus={`${row.key}-field`}
          data={stageChoices(rest.draft, row.stage)}
          value={row.stage || null}
          error={rest.problem("stage")}
          onChange={(stage) => rest.onChange({ ...row, stage: stage ?? "" })}
        />
      );
    case "ends":
      return (
        <Select
          aria-labelledby={`step-${row.key}`}
          data-focus={`${row.key}-field`}
          data={endChoices(row.reason)}
          value={row.reason}
          error={rest.problem("reason")}
          onChange={(reason) => reason && rest.onChange({ ...row, reason })}
        />
      );
  }
}

function Says({ row, problem, onChange }: StepRowProps<"says">) {
  return (
    <Textarea
      aria-labelledby={`step-${row.key}`}
      data-focus={`${row.key}-field`}
      minRows={1}
      maxRows={6}
      maxLength={4000}
      value={row.text}
      error={problem("text")}
      onChange={(event) => onChange({ ...row, text: event.currentTarget.value })}
    />
  );
}

function Calls({ row, draft, problem, onChange }: StepRowProps<"calls">) {
  return (
    <Stack gap="xs">
      <div className={classes.pair}>
        <Select
          label="Tool"
          data-focus={`${row.key}-field`}
          placeholder="Choose a tool"
          searchable
          nothingFoundMessage="No stage has a tool of that name."
          data={toolChoices(draft, row.tool)}
          value={row.tool || null}
          error={problem("tool")}
          onChange={(tool) => onChange({ ...row, tool: tool ?? "" })}
        />
        <Select
          label="Outcome"
          data={OUTCOMES}
          value={row.status}
          error={problem("status")}
          onChange={(status) => status && onChange({ ...row, status: status as typeof row.status })}
        />
      </div>
      <Json
        label="Arguments"
        description="What the model calls it with. Empty: nothing."
        value={row.argumentsText}
        problem={problem("arguments")}
        onChange={(argumentsText) => onChange({ ...row, argumentsText })}
      />
      <Json
        label="Result"
        description="What it gives back; nothing runs. A handover message can name its fields."
        value={row.resultText}
        problem={problem("result")}
        onChange={(resultText) => onChange({ ...row, resultText })}
      />
    </Stack>
  );
}

interface JsonProps {
  label: string;
  description: string;
  value: string;
  problem: string | undefined;
  onChange: (value: string) => void;
}

function Json({ label, description, value, problem, onChange }: JsonProps) {
  return (
    <Textarea
      label={label}
      description={description}
      placeholder="{}"
      minRows={1}
      maxRows={10}
      spellCheck={false}
      styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
      value={value}
      error={jsonProblem(value) || problem}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

interface ActProps {
  label: string;
  focus: string;
  isOff?: boolean;
  onClick: () => void;
  children: ReactNode;
}

function Act({ label, focus, isOff = false, onClick, children }: ActProps) {
  return (
    <Tooltip label={label} disabled={isOff}>
      <ActionIcon variant="subtle" color="gray" size={28} aria-label={label} data-focus={focus} disabled={isOff} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
