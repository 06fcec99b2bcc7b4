import { keepPreviousData } from "@tanstack/react-query";
import { useMemo } from "react";
import { $api, type Schemas } from "../../api/api";
import { byLastEdit } from "./checklist";

const ALL = { params: { query: { limit: 200 } } } as const;

/** Agents with their figures, the one edited last first. */
export function useHome() {
  const agents = $api.useQuery("get", "/v1/agents", ALL);
  // Figures are an addition: a home page without them is still one.
  const stats = $api.useQuery("get", "/v1/agents/stats", {}, { refetchInterval: 15_000, placeholderData: keepPreviousData, retry: false });
  const ordered = useMemo(() => byLastEdit(agents.data?.agents ?? []), [agents.data]);
  const statsOf = useMemo(
    () => new Map((stats.data?.stats ?? []).map((entry): [string, Schemas["AgentStats"]] => [entry.agent_id, entry])),
    [stats.data],
  );
  return { agents, ordered, stats: stats.data?.stats, statsOf };
}

/** What the checklist needs beside the agents; undefined until everything is known, so that no step is shown open that is done. */
export function useReach(): { numbers: Schemas["NumberReply"][]; tokens: Schemas["EmbedTokenReply"][] } | undefined {
  const numbers = $api.useQuery("get", "/v1/numbers", ALL);
  const tokens = $api.useQuery("get", "/v1/embed-tokens", ALL);
  if (numbers.isPending || tokens.isPending) return undefined;
  return { numbers: numbers.data?.numbers ?? [], tokens: tokens.data?.embed_tokens ?? [] };
}
