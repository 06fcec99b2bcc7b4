import { Group, Select, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { $api, api, BY_CURSOR, type Schemas } from "../../../../api/api";
import { Expandable, ExpandableList } from "../../../../ui/Expandable";
import { duration } from "../../../../ui/format";
import { Json, Lines } from "../../../../ui/Lines";
import { PagedList } from "../../../../ui/Paged";
import { Problem } from "../../../../ui/Problem";
import { RelativeTime } from "../../../../ui/RelativeTime";
import { RoleButton } from "../../../../ui/RoleButton";
import { Section } from "../../../../ui/Section";
import { TextLink } from "../../../../ui/TextLink";
import { useSubmit } from "../../../../ui/useSubmit";
import { TryResult } from "../try/TryResult";
import { HostCalls } from "./HostCalls";
import { StatusBadge } from "./StatusBadge";

type Run = Schemas["ToolRunEntry"];
type Status = "ok" | "failed" | "timed_out" | "unknown";

const STATUSES = [
  { value: "", label: "All runs" },
  { value: "ok", label: "Done" },
  { value: "failed", label: "Failed" },
  { value: "timed_out", label: "Timed out" },
  { value: "unknown", label: "Unknown" },
];

/** What the tool did in calls, newest first (rules T9, W7). */
export function RunHistory({ agentId, tool, isWebhook }: { agentId: string; tool: string; isWebhook: boolean }) {
  const [status, setStatus] = useState<Status | "">("");
  const runs = $api.useInfiniteQuery(
    "get",
    "/v1/tool-runs",
    { params: { query: { agent_id: agentId, tool, status: status || null, limit: 20 } } },
    BY_CURSOR,
  );
  const entries = runs.data?.pages.flatMap((page) => page.tool_runs) ?? [];
  return (
    <Section
      title={isWebhook ? "Deliveries" : "Runs in calls"}
      actions={
        <Select
          aria-label="Show"
          size="xs"
          w={140}
          data={STATUSES}
          value={status}
          onChange={(value) => setStatus((value ?? "") as Status | "")}
        />
      }
    >
      <PagedList
        query={runs}
        rows={entries}
        what="The runs"
        lines={2}
        empty={
          <Text c="dimmed">
            {status
              ? "No run ended like this."
              : `No call has used ${tool} yet. When one does, its arguments, its result and what it reached stand here.`}
          </Text>
        }
      >
        <ExpandableList>
          {entries.map((run) => (
            <RunEntry key={`${run.call_id} ${run.run_key}`} run={run} isWebhook={isWebhook} />
          ))}
        </ExpandableList>
      </PagedList>
    </Section>
  );
}

function RunEntry({ run, isWebhook }: { run: Run; isWebhook: boolean }) {
  return (
    <Expandable
      line={
        <>
          <StatusBadge status={run.status} />
          <Text size="sm">
            <RelativeTime at={run.occurred_at} />
          </Text>
          <Text size="sm" c="dimmed" flex={1}>
            {run.is_preload ? "during the greeting" : run.stage && `in ${run.stage}`}
          </Text>
          <Text size="sm" className="numeric">
            {duration(run.duration_ms)}
          </Text>
        </>
      }
    >
      <RunDetail run={run} isWebhook={isWebhook} />
    </Expandable>
  );
}

function RunDetail({ run, isWebhook }: { run: Run; isWebhook: boolean }) {
  const queries = useQueryClient();
  const [redelivered, setRedelivered] = useState<Schemas["ToolTried"] | null>(null);
  const { submit, isBusy, problem } = useSubmit(async () => {
    const { data } = await api.POST("/v1/calls/{call_id}/tool-runs/{run_key}/redeliver", {
      params: { path: { call_id: run.call_id, run_key: run.run_key } },
    });
    setRedelivered(data ?? null);
    await queries.invalidateQueries({ queryKey: ["get", "/v1/tool-runs"] });
  });
  return (
    <>
      <Group gap="md">
        <TextLink underline="always" to="/calls/$callId" params={{ callId: run.call_id }} size="sm">
          Open the call
        </TextLink>
        {run.error_code && (
          <Text size="sm" c="var(--mantine-color-error)">
            {run.error_code.replaceAll("_", " ")}
          </Text>
        )}
        {isWebhook && (
          <RoleButton needs="editor" size="xs" variant="default" onClick={() => void submit()} loading={isBusy}>
            Deliver once more
          </RoleButton>
        )}
      </Group>
      {run.status === "unknown" && (
        <Text size="sm">
          Whether the request was processed is not known: the connection broke before the answer. It is delivered with the same
          Idempotency-Key.
        </Text>
      )}
      <Problem text={problem} />
      {redelivered && <TryResult tried={redelivered} />}
      <Json title="Arguments" value={run.arguments} />
      <Json title="Result" value={run.result} />
      {run.host_calls.length > 0 && <HostCalls calls={run.host_calls} />}
      {run.logs.length > 0 && <Lines title="Log" lines={run.logs} />}
    </>
  );
}
