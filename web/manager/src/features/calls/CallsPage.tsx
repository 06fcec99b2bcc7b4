import { Badge, Button, Group, Menu, Text } from "@mantine/core";
import { IconPhoneCall } from "@tabler/icons-react";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Link, type LinkProps, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { api } from "../../api/api";
import { EmptyState } from "../../ui/EmptyState";
import { ErrorState } from "../../ui/ErrorState";
import { duration, phone } from "../../ui/format";
import { Loading } from "../../ui/Loading";
import { Page } from "../../ui/Page";
import { RelativeTime } from "../../ui/RelativeTime";
import { type Column, VirtualTable } from "../../ui/VirtualTable";
import { CallFilters } from "./CallFilters";
import { CallSeriesPanel, useIsChartOpen } from "./CallSeriesPanel";
import { exportAddress, queryOf } from "./filter";
import { useCallSeries } from "./useCallSeries";
import { type Call, channelWords, FAULT, money, outcome } from "./words";

export function CallsPage() {
  const search = useSearch({ from: "/shell/calls" });
  const calls = useInfiniteQuery({
    queryKey: ["get", "/v1/calls", search],
    initialPageParam: "",
    placeholderData: keepPreviousData,
    // To compare thousands of calls with what they were, at every further page, costs more than it saves.
    structuralSharing: false,
    queryFn: async ({ pageParam, signal }) => {
      const query = { ...queryOf(search), limit: 100, ...(pageParam ? { cursor: pageParam } : {}) };
      const { data } = await api.GET("/v1/calls", { params: { query }, signal });
      return data ?? { calls: [], next_cursor: null };
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  const rows = useMemo(() => calls.data?.pages.flatMap((page) => page.calls) ?? [], [calls.data]);
  const isFiltered = Object.values(search).some(Boolean);
  const [isChartOpen, setChartOpen] = useIsChartOpen();
  const series = useCallSeries(search, isChartOpen);
  // Who never had a call is told how to get one, not shown a chart of nothing.
  const hasChart = !calls.isPending && (rows.length > 0 || isFiltered);

  return (
    <Page
      title="Calls"
      actions={
        <Menu position="bottom-end">
          <Menu.Target>
            <Button variant="default">Export</Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item component="a" href={exportAddress(search, "csv")} download="calls.csv">
              CSV, for spreadsheets
            </Menu.Item>
            <Menu.Item component="a" href={exportAddress(search, "jsonl")} download="calls.jsonl">
              JSON Lines, for programs
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      }
    >
      <CallFilters search={search} />
      {hasChart && <CallSeriesPanel search={search} series={series} isOpen={isChartOpen} onToggle={() => setChartOpen(!isChartOpen)} />}
      {calls.error ? (
        <ErrorState error={calls.error} what="The calls" onRetry={() => void calls.refetch()} />
      ) : calls.isPending ? (
        <Loading lines={8} />
      ) : rows.length === 0 ? (
        isFiltered ? (
          <EmptyState
            title="No call matches"
            action={
              <Button component={Link} to="/calls" variant="default">
                Show all calls
              </Button>
            }
          >
            Widen the filter, or look at all calls.
          </EmptyState>
        ) : (
          <EmptyState icon={<IconPhoneCall size={32} stroke={1.5} />} title="No calls yet">
            Talk to an agent on its Test tab, or deploy it to a number or a web page. Every conversation is here afterwards: what was said,
            which tools ran, and where the time went.
          </EmptyState>
        )
      ) : (
        <VirtualTable
          caption="Calls, newest first"
          columns={COLUMNS}
          rows={rows}
          rowKey={idOf}
          rowLink={linkOf}
          hasMore={calls.hasNextPage}
          isLoadingMore={calls.isFetchingNextPage}
          onLoadMore={() => void calls.fetchNextPage()}
        />
      )}
    </Page>
  );
}

// Always the same functions, so that a further page renders its own rows only.
const idOf = (call: Call): string => call.call_id;
const linkOf = (call: Call): LinkProps => ({ to: "/calls/$callId", params: { callId: call.call_id } });

function parties(call: Call): string {
  const from = call.caller_phone ? phone(call.caller_phone) : channelWords(call.channel);
  return call.to_number ? `${from} → ${phone(call.to_number)}` : from;
}

const COLUMNS: Column<Call>[] = [
  { id: "started", header: "Started", width: 150, render: (call) => <RelativeTime at={call.started_at} /> },
  {
    id: "parties",
    header: "From and to",
    render: (call) => (
      <Group gap="xs" wrap="nowrap">
        <Text size="sm" truncate>
          {parties(call)}
        </Text>
        {call.is_test && <Badge variant="default">test</Badge>}
      </Group>
    ),
  },
  { id: "agent", header: "Agent", width: 160, hideBelow: "sm", render: (call) => call.agent_id ?? "–" },
  {
    id: "outcome",
    header: "Ended",
    width: 260,
    hideBelow: "md",
    render: (call) => (
      <Group gap="xs" wrap="nowrap">
        <Text size="sm" truncate>
          {outcome(call)}
        </Text>
        {call.fault && call.fault !== "nobody" && (
          <Badge variant="light" color="red">
            {FAULT[call.fault]}
          </Badge>
        )}
      </Group>
    ),
  },
  {
    id: "duration",
    header: "Duration",
    width: 110,
    isNumeric: true,
    hideBelow: "sm",
    render: (call) => (call.duration_ms === null ? "–" : duration(call.duration_ms)),
  },
  { id: "cost", header: "Cost", width: 100, isNumeric: true, hideBelow: "lg", render: (call) => money(call.cost) },
];
