import { Button, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { type ReactNode, useCallback, useState } from "react";
import { Form } from "../../ui/Form";
import { phone } from "../../ui/format";
import { Problem } from "../../ui/Problem";
import { RoleButton } from "../../ui/RoleButton";
import { useMay } from "../../ui/RoleGate";
import { useSubmit } from "../../ui/useSubmit";
import { API_FIELD, type NumberField, type NumberValues, problemsOf } from "./numberForm";
import { RouteFields } from "./RouteFields";
import { FALLBACKS, type FallbackType, ROUTES, type RouteType, TRANSFERS, type TransferType } from "./routes";

export interface AgentChoice {
  id: string;
  name: string;
  /** The number it has already; an agent has one (rule N2). */
  number?: string;
}

interface NumberFormProps {
  initial: NumberValues;
  /** The number itself cannot change. */
  isNew: boolean;
  agents: AgentChoice[];
  onSave: (values: NumberValues) => Promise<unknown>;
  onCancel: () => void;
  /** At the left of the buttons. */
  extra?: ReactNode;
}

/** A number, where its calls go, and what happens when the AI hands over or cannot answer. */
export function NumberForm({ initial, isNew, agents, onSave, onCancel, extra }: NumberFormProps) {
  const mayEdit = useMay("editor");
  const [values, setValues] = useState(initial);
  const [isTried, setTried] = useState(false);
  const save = useCallback((now: NumberValues) => onSave(now), [onSave]);
  const { submit, isBusy, problem, fieldError } = useSubmit(save);
  const problems = problemsOf(values);
  const change = (changes: Partial<NumberValues>) => setValues((before) => ({ ...before, ...changes }));
  const errorOf = (field: NumberField) => (isTried ? problems[field] : undefined) ?? fieldError(API_FIELD[field]);
  const agent = agents.find((candidate) => candidate.id === values.routeTarget);

  function trySaving() {
    setTried(true);
    if (Object.keys(problems).length === 0) void submit(values);
  }

  return (
    <Form onSubmit={trySaving} noValidate gap="lg">
      {isNew && (
        <TextInput
          label="Number"
          description="As your carrier shows it, with the country code."
          placeholder="+1 202 555 0100"
          inputMode="tel"
          autoComplete="off"
          data-autofocus
          required
          value={values.number}
          error={errorOf("number")}
          onChange={(event) => change({ number: event.currentTarget.value })}
        />
      )}
      <Stack gap="sm">
        <Select
          label="Calls go to"
          data={Object.entries(ROUTES).map(([value, { label }]) => ({ value, label }))}
          value={values.inboundRoute}
          disabled={!mayEdit}
          error={errorOf("inboundRoute")}
          onChange={(value) => value && change({ inboundRoute: value as RouteType, routeTarget: "" })}
        />
        {values.inboundRoute === "ai_agent" ? (
          <Select
            label="Agent"
            placeholder="Choose an agent"
            searchable
            nothingFoundMessage="No agent is called so"
            data={agents.map((choice) => ({
              value: choice.id,
              label: choice.number ? `${choice.name} (has ${phone(choice.number)})` : choice.name,
              disabled: choice.number !== undefined,
            }))}
            value={values.routeTarget || null}
            disabled={!mayEdit}
            error={errorOf("routeTarget")}
            onChange={(value) => change({ routeTarget: value ?? "" })}
          />
        ) : (
          <TextInput
            label={ROUTES[values.inboundRoute].target}
            placeholder={ROUTES[values.inboundRoute].placeholder}
            description={ROUTES[values.inboundRoute].note}
            inputWrapperOrder={["label", "input", "description", "error"]}
            value={values.routeTarget}
            disabled={!mayEdit}
            error={errorOf("routeTarget")}
            onChange={(event) => change({ routeTarget: event.currentTarget.value })}
          />
        )}
      </Stack>
      {values.inboundRoute === "ai_agent" && (
        <RouteFields
          label="When the agent hands over"
          description="Where transfer_to_human puts the call."
          none="Nowhere: it cannot transfer"
          words={TRANSFERS}
          type={values.aiTransferType}
          target={values.aiTransferTarget}
          typeError={errorOf("aiTransferType")}
          targetError={errorOf("aiTransferTarget")}
          isDisabled={!mayEdit}
          onChange={(type, target) => change({ aiTransferType: type as TransferType | "", aiTransferTarget: target })}
        />
      )}
      <RouteFields
        label="When it cannot be answered"
        description="Taken at once, without the AI, so that nobody hears silence."
        none="Say that nobody can answer"
        words={FALLBACKS}
        type={values.fallbackType}
        target={values.fallbackTarget}
        typeError={errorOf("fallbackType")}
        targetError={errorOf("fallbackTarget")}
        isDisabled={!mayEdit}
        onChange={(type, target) => change({ fallbackType: type as FallbackType | "", fallbackTarget: target })}
      />
      <Problem text={problem} />
      <Group justify="space-between">
        <div>{extra}</div>
        <Group gap="xs">
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <RoleButton needs="editor" type="submit" loading={isBusy}>
            {isNew ? (agent ? `Add it to ${agent.name}` : "Add the number") : `Save ${phone(values.number)}`}
          </RoleButton>
        </Group>
      </Group>
      {!mayEdit && <Text c="dimmed">Changes need the role editor.</Text>}
    </Form>
  );
}
