import { Button, Drawer, Group, Text, TextInput } from "@mantine/core";
import { useCallback, useEffect, useRef, useState } from "react";
import { $api, api } from "../../../api/api";
import { ErrorState } from "../../../ui/ErrorState";
import { Form } from "../../../ui/Form";
import { Loading } from "../../../ui/Loading";
import { tell } from "../../../ui/notify";
import { Problem } from "../../../ui/Problem";
import { useSubmit } from "../../../ui/useSubmit";
import type { Agent } from "../../agent/draft/agent";
import { forgetTests } from "./forgetTests";
import { StepList } from "./StepList";
import { isReadable, type Row, rowsOf, type Step, stepsOf } from "./steps";

/** Of steps, by the API's names. */
const FIELDS = ["text", "tool", "status", "arguments", "result", "stage", "reason"];

interface WriteTestProps {
  draft: Agent;
  /** A test that is there already; null: a new one. */
  testId: string | null;
  onClose: () => void;
}

/** Writes a test by hand, or changes one: what the caller says, and what is expected of the agent (rule D6). */
export function WriteTest({ draft, testId, onClose }: WriteTestProps) {
  const [isTouched, setTouched] = useState(false);
  return (
    <Drawer
      opened
      onClose={onClose}
      size="xl"
      title={testId === null ? "Write a test" : "Change the test"}
      closeOnClickOutside={!isTouched}
      closeOnEscape={!isTouched}
    >
      {testId === null ? (
        <StepForm draft={draft} testId={null} name="" steps={[]} onTouch={setTouched} onClose={onClose} />
      ) : (
        <Loaded draft={draft} testId={testId} onTouch={setTouched} onClose={onClose} />
      )}
    </Drawer>
  );
}

interface FormProps {
  draft: Agent;
  testId: string | null;
  onTouch: (isTouched: boolean) => void;
  onClose: () => void;
}

function Loaded({ testId, ...props }: FormProps & { testId: string }) {
  const path = { agent_id: props.draft.agent_id, test_id: testId };
  const test = $api.useQuery("get", "/v1/agents/{agent_id}/tests/{test_id}", { params: { path } });
  if (test.error) return <ErrorState error={test.error} what="The test" onRetry={test.refetch} />;
  if (!test.data) return <Loading lines={4} />;
  return <StepForm {...props} testId={testId} name={test.data.name} steps={test.data.steps ?? []} />;
}

function StepForm({ draft, testId, name: before, steps, onTouch, onClose }: FormProps & { name: string; steps: readonly Step[] }) {
  const [name, setName] = useState(before);
  const [rows, setRows] = useState<Row[]>(() => rowsOf(steps));
  /** How often it was refused: each time the keyboard goes to the first field that is marked. */
  const [refusals, setRefusals] = useState(0);
  const fields = useRef<HTMLDivElement>(null);
  const { submit, reset, isBusy, problem, fieldError } = useSubmit(
    useCallback(async () => {
      const body = { name, steps: stepsOf(rows) };
      const path = { agent_id: draft.agent_id };
      if (testId === null) await api.POST("/v1/agents/{agent_id}/tests", { params: { path }, body });
      else await api.PATCH("/v1/agents/{agent_id}/tests/{test_id}", { params: { path: { ...path, test_id: testId } }, body });
      await forgetTests();
      tell(`The test “${name}” is saved.`);
      onClose();
    }, [draft.agent_id, testId, name, rows, onClose]),
  );
  useEffect(() => {
    if (refusals > 0) fields.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [refusals]);

  const problemOf = (place: number, field: string) => fieldError(`steps.${place}.${rows[place]?.kind}.${field}`);
  const isMarked = fieldError("name") !== undefined || rows.some((_, place) => FIELDS.some((field) => problemOf(place, field)));
  return (
    <Form onSubmit={async () => (await submit()) || setRefusals((count) => count + 1)}>
      <Text c="dimmed">
        The draft is held against these steps: does each stage offer the tools that are called, do their results lead where they should? No
        model is asked and no tool runs.
      </Text>
      <div ref={fields}>
        <TextInput
          mb="md"
          label="Name"
          placeholder="Orders a pizza and pays by card"
          value={name}
          onChange={(event) => {
            onTouch(true);
            setName(event.currentTarget.value);
          }}
          error={fieldError("name")}
          maxLength={200}
          data-autofocus
        />
        <StepList
          rows={rows}
          draft={draft}
          problemOf={problemOf}
          onChange={(changed) => {
            // Messages name their rows by place.
            reset();
            onTouch(true);
            setRows(changed);
          }}
        />
      </div>
      <Problem text={isMarked ? "It cannot be saved like this: see the marked fields." : (fieldError("steps") ?? problem)} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={isBusy} disabled={!name.trim() || rows.length === 0 || !rows.every(isReadable)}>
          Save the test
        </Button>
      </Group>
    </Form>
  );
}
