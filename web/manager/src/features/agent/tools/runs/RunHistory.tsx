import { Button, Group, Select, Stack, Text, UnstyledButton } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schemas } from "../../../../api/api";
import { ErrorState } from "../../../../ui/ErrorState";
import { duration } from "../../../../ui/format";
import { Loading } from "../../../../ui/Loading";
import { Problem } from "../../../../ui/Problem";
import { RelativeTime } from "../../../../ui/RelativeTime";
import { RoleGate } from "../../../../ui/RoleGate";
import { Section } from "../../../../ui/Section";
import { TextLink } from "../../../../ui/TextLink";
import { useSubmit } from "../../../../ui/useSubmit";
import { TryResult } from "../try/TryResult";
import { HostCalls } from "./HostCalls";
import styles from "./RunHistory.module.css";
import { Json, Lines, StatusBadge } from "./RunParts";

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
  const runs = useInfiniteQuery({
    queryKey: ["get", "/v1/tool-runs", agentId, tool, status],
    initialPageParam: null as string | null,
    getNextPageParam: (page: Schemas["ToolRunList"]) => page.next_cursor,
    queryFn: async ({ pageParam, signal }) => {
      const query = { agent_id: agentId, tool, status: status || null, limit: 20, cursor: pageParam };
      const { data } = await api.GET("/v1/tool-runs", { params: { query }, signal });
      return data ?? { tool_runs: [], next_cursor: null };
    },
  });
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
      {runs.error ? (
        <ErrorState error={runs.error} what="The runs" onRetry={runs.refetch} />
      ) : runs.isPending ? (
        <Loading lines={2} />
      ) : entries.length === 0 ? (
        <Text c="dimmed">
          {status
            ? "No run ended like this."
            : `No call has used ${tool} yet. When one does, its arguments, its result and what it reached stand here.`}
        </Text>
      ) : (
        <Stack gap={0} component="ul" m={0} p={0} style={{ listStyle: "none" }}>
          {entries.map((run) => (
            <RunEntry key={`${run.call_id} ${run.run_key}`} run={run} isWebhook={isWebhook} />
          ))}
        </Stack>
      )}
      {runs.hasNextPage && (
        <Button variant="default" mt="sm" onClick={() => void runs.fetchNextPage()} loading={runs.isFetchingNextPage}>
          Show older
        </Button>
      )}
    </Section>
  );
}

function RunEntry({ run, isWebhook }: { run: Run; isWebhook: boolean }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <li className={styles.entry}>
      <UnstyledButton className={styles.head} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <IconChevronRight size={16} aria-hidden className={styles.chevron} data-open={isOpen || undefined} />
        <StatusBadge status={run.status} />
        <Text size="sm">
          <RelativeTime at={run.occurred_at} />
        </Text>
        <Text size="sm" c="dimmed" className={styles.stage}>
          {run.is_preload ? "during the greeting" : run.stage && `in ${run.stage}`}
        </Text>
        <Text size="sm" className="numeric">
          {duration(run.duration_ms)}
        </Text>
      </UnstyledButton>
      {isOpen && <RunDetail run={run} isWebhook={isWebhook} />}
    </li>
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
    <Stack gap="sm" py="sm" pl={{ base: 0, sm: 24 }}>
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
          <RoleGate needs="editor">
            {(isAllowed) => (
              <Button size="xs" variant="default" onClick={() => void submit()} loading={isBusy} disabled={!isAllowed}>
                Deliver once more
              </Button>
            )}
          </RoleGate>
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
    </Stack>
  );
}
