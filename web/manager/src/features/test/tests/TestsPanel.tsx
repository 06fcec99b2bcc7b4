import { ActionIcon, Anchor, Button, Group, Text, Tooltip } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCircleCheck, IconCircleX, IconPencil, IconPlayerPlay, IconPlus, IconTrash } from "@tabler/icons-react";
import { useCallback, useState } from "react";
import { $api, api, type Schemas } from "../../../api/api";
import { ConfirmDanger } from "../../../ui/ConfirmDanger";
import { ErrorState } from "../../../ui/ErrorState";
import { Loading } from "../../../ui/Loading";
import { Problem } from "../../../ui/Problem";
import { RelativeTime } from "../../../ui/RelativeTime";
import { useMay } from "../../../ui/RoleGate";
import { Section } from "../../../ui/Section";
import { useSubmit } from "../../../ui/useSubmit";
import type { Agent } from "../../agent/draft/agent";
import { DifferenceList } from "./DifferenceList";
import { aboutTest, type Result, resultInWords } from "./differences";
import { forgetTests } from "./forgetTests";
import classes from "./Tests.module.css";
import { WriteTest } from "./WriteTest";

type Test = Schemas["AgentTestView"];

/** Tests of the agent: run against the draft, with what differs (rule D6). */
export function TestsPanel({ draft, save }: { draft: Agent; save: () => Promise<void> }) {
  const agentId = draft.agent_id;
  const path = { agent_id: agentId };
  const tests = $api.useQuery("get", "/v1/agents/{agent_id}/tests", { params: { path } });
  const mayEdit = useMay("editor");
  const [results, setResults] = useState<Readonly<Record<string, Result>>>({});
  const [deleted, setDeleted] = useState<Test | null>(null);
  const [written, setWritten] = useState<{ id: string | null } | null>(null);
  const run = useSubmit(
    useCallback(async () => {
      await save();
      const { data } = await api.POST("/v1/agents/{agent_id}/tests/run", { params: { path: { agent_id: agentId } }, body: {} });
      setResults(Object.fromEntries((data?.results ?? []).map((result) => [result.test_id, result])));
      await forgetTests();
    }, [agentId, save]),
  );
  const list = tests.data?.tests ?? [];
  const failed = Object.values(results).filter((result) => !result.passed).length;
  return (
    <Section
      title="Tests"
      description="Conversations that the draft is held against: with the same answers of the tools, would it go the same way?"
      actions={
        <>
          <Button variant="default" leftSection={<IconPlus size={14} />} onClick={() => setWritten({ id: null })} disabled={!mayEdit}>
            Write a test
          </Button>
          {list.length > 0 && (
            <Button
              variant="default"
              leftSection={<IconPlayerPlay size={14} />}
              onClick={() => void run.submit()}
              loading={run.isBusy}
              disabled={!mayEdit}
            >
              {list.length === 1 ? "Run the test" : `Run all ${list.length} tests`}
            </Button>
          )}
        </>
      }
    >
      <Problem text={run.problem} />
      <div role="status" className="visually-hidden">
        {Object.keys(results).length > 0 && (failed === 0 ? "All tests passed." : `${failed} of ${list.length} tests did not pass.`)}
      </div>
      {tests.error && <ErrorState error={tests.error} what="The tests" onRetry={tests.refetch} />}
      {tests.isPending && <Loading lines={2} />}
      {tests.data && list.length === 0 && (
        <Text c="dimmed">
          No tests yet. Have a conversation as it should go and save it as a test, make one of a recorded call under Calls, or write one by
          hand. A deploy can ask for all tests to pass.
        </Text>
      )}
      {list.map((test) => (
        <Row
          key={test.id}
          test={test}
          result={results[test.id]}
          mayEdit={mayEdit}
          onDelete={() => setDeleted(test)}
          onChange={() => setWritten({ id: test.id })}
        />
      ))}
      {written && <WriteTest draft={draft} testId={written.id} onClose={() => setWritten(null)} />}
      <ConfirmDanger
        isOpen={deleted !== null}
        title="Delete this test?"
        action={`Delete “${deleted?.name ?? ""}”`}
        onClose={() => setDeleted(null)}
        onConfirm={async () => {
          if (!deleted) return;
          await api.DELETE("/v1/agents/{agent_id}/tests/{test_id}", { params: { path: { ...path, test_id: deleted.id } } });
          await forgetTests();
        }}
      >
        The conversation that the test “{deleted?.name}” holds is deleted with it. A recorded call it was made of stays.
      </ConfirmDanger>
    </Section>
  );
}

interface RowProps {
  test: Test;
  result: Result | undefined;
  mayEdit: boolean;
  onDelete: () => void;
  onChange: () => void;
}

function Row({ test, result, mayEdit, onDelete, onChange }: RowProps) {
  const [isOpen, last] = useDisclosure(false);
  const detail = $api.useQuery(
    "get",
    "/v1/agents/{agent_id}/tests/{test_id}",
    { params: { path: { agent_id: test.agent_id, test_id: test.id } } },
    { enabled: isOpen },
  );
  const found = result ?? detail.data?.last_result ?? undefined;
  const passed = result?.passed ?? test.last_passed;
  return (
    <div className={classes.row}>
      <Group gap="sm" wrap="nowrap" align="flex-start" style={{ minWidth: 0 }}>
        {passed === true && <IconCircleCheck size={18} color="var(--callstage-accent-ink)" style={{ flexShrink: 0 }} aria-label="Passed" />}
        {passed === false && (
          <IconCircleX size={18} color="var(--mantine-color-error)" style={{ flexShrink: 0 }} aria-label="Did not pass" />
        )}
        <div style={{ minWidth: 0 }}>
          <Text fw={500} style={{ overflowWrap: "anywhere" }}>
            {test.name}
          </Text>
          <Text size="sm" c="dimmed">
            {aboutTest(test)}
            {test.is_anonymous ? " · without personal data" : ""}
          </Text>
          {!result && test.last_run_at && (
            <Text size="sm" c="dimmed" component="div">
              Run <RelativeTime at={test.last_run_at} />
              {test.last_passed === false && !found && (
                <>
                  {" · "}
                  <Anchor component="button" type="button" size="sm" underline="always" onClick={last.open}>
                    Show what it found
                  </Anchor>
                </>
              )}
            </Text>
          )}
        </div>
      </Group>
      <Group gap={4} wrap="nowrap" align="flex-start">
        {test.source === "steps" && (
          <Tooltip label={mayEdit ? "Change its steps" : "This needs the role editor."}>
            <ActionIcon
              variant="subtle"
              color="gray"
              size={28}
              onClick={onChange}
              disabled={!mayEdit}
              aria-label={`Change the test ${test.name}`}
            >
              <IconPencil size={14} />
            </ActionIcon>
          </Tooltip>
        )}
        <Tooltip label={mayEdit ? "Delete" : "This needs the role editor."}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={28}
            onClick={onDelete}
            disabled={!mayEdit}
            aria-label={`Delete the test ${test.name}`}
          >
            <IconTrash size={14} />
          </ActionIcon>
        </Tooltip>
      </Group>
      {found && (
        <div className={classes.found}>
          <Text size="sm" mb="xs">
            {resultInWords(found)}
          </Text>
          <DifferenceList differences={found.differences} total={found.differences_total} />
        </div>
      )}
    </div>
  );
}
