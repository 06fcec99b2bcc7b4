import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { $api, api, type Schemas } from "../../api/api";
import { matching } from "./found";

/** Cards that come at once; further ones while scrolling. Fills rows of one to four. */
const PAGE = 24;
const ALL = { params: { query: { limit: 200 } } } as const;

type Agent = Schemas["AgentView"];

/** The agent edited last comes first; `q` as the API searches. */
function useAgentPages(q: string) {
  return useInfiniteQuery({
    queryKey: ["get", "/v1/agents", { sort: "edited", limit: PAGE, q }],
    initialPageParam: "",
    placeholderData: keepPreviousData,
    queryFn: async ({ pageParam, signal }) => {
      const query = { sort: "edited", limit: PAGE, ...(q ? { q } : {}), ...(pageParam ? { cursor: pageParam } : {}) } as const;
      const { data } = await api.GET("/v1/agents", { params: { query }, signal });
      return data ?? { agents: [], next_cursor: null };
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** Agents with their figures. All of few agents are here and searched at once; of many, the API searches. */
export function useHome(typed: string) {
  const all = useAgentPages("");
  const isWhole = all.data !== undefined && !all.hasNextPage;
  const [q] = useDebouncedValue(typed.trim(), 200);
  const found = useAgentPages(isWhole ? "" : q);
  // Figures are an addition: a home page without them is still one.
  const stats = $api.useQuery("get", "/v1/agents/stats", {}, { refetchInterval: 15_000, placeholderData: keepPreviousData, retry: false });
  const ordered = useMemo(() => agentsOf(all.data?.pages), [all.data]);
  const answered = useMemo(() => agentsOf(found.data?.pages), [found.data]);
  const statsOf = useMemo(
    () => new Map((stats.data?.stats ?? []).map((entry): [string, Schemas["AgentStats"]] => [entry.agent_id, entry])),
    [stats.data],
  );
  const shown = useMemo(
    () => (isWhole ? matching(typed, answered, (agent) => statsOf.get(agent.agent_id)?.numbers ?? []) : answered),
    [isWhole, typed, answered, statsOf],
  );
  return { agents: all, found, ordered, shown, stats, statsOf };
}

/** An agent that was edited between two pages stands on both. */
function agentsOf(pages: { agents: Agent[] }[] | undefined): Agent[] {
  return [...new Map(pages?.flatMap((page) => page.agents).map((agent) => [agent.agent_id, agent])).values()];
}

export type Reach = { numbers: Schemas["NumberReply"][]; tokens: Schemas["EmbedTokenReply"][] };

/** What the checklist needs beside the agents; undefined until everything is known, so that no step is shown open that is done. */
export function useReach(): Reach | undefined {
  const numbers = $api.useQuery("get", "/v1/numbers", ALL);
  const tokens = $api.useQuery("get", "/v1/embed-tokens", ALL);
  if (numbers.isPending || tokens.isPending) return undefined;
  return { numbers: numbers.data?.numbers ?? [], tokens: tokens.data?.embed_tokens ?? [] };
}
