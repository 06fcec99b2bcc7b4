import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { $api } from "../../../api/api";
import { meQuery } from "../../../api/me";
import { relativeTime } from "../../../ui/format";
import { agentWords, type Command, commandsOf } from "./commands";

/** Agents that are offered by themselves; of more, the API looks for what is typed. */
const AT_HAND = 50;
const FOUND = 20;

/** What the palette offers now; entries from the API join as they arrive. */
export function useCommands(typed: string): Command[] {
  const { data: me } = useQuery(meQuery);
  const atHand = $api.useQuery("get", "/v1/agents", { params: { query: { limit: AT_HAND, sort: "edited" } } }).data;
  const [q] = useDebouncedValue(agentWords(typed), 150);
  const found = $api.useQuery(
    "get",
    "/v1/agents",
    { params: { query: { q, limit: FOUND, sort: "edited" } } },
    { enabled: q.length >= 2 && Boolean(atHand?.next_cursor), placeholderData: keepPreviousData },
  ).data;
  const numbers = $api.useQuery("get", "/v1/numbers", { params: { query: { limit: 200 } } }).data?.numbers;
  const calls = $api.useQuery("get", "/v1/calls", { params: { query: { limit: 30 } } }).data?.calls;
  const agents = useMemo(() => {
    const all = [...(atHand?.agents ?? []), ...(found?.agents ?? [])];
    return [...new Map(all.map((agent) => [agent.agent_id, agent])).values()];
  }, [atHand, found]);
  return useMemo(
    () => commandsOf({ role: me?.role ?? "viewer", agents, numbers: numbers ?? [], calls: calls ?? [], ago: relativeTime }),
    [me?.role, agents, numbers, calls],
  );
}
