import { type QueryClient, useQuery } from "@tanstack/react-query";
import { $api, ApiProblem, api, type Schemas } from "../../../../api/api";

const LOOK_MS = 15_000;

function keyOf(agentId: string) {
  return $api.queryOptions("get", "/v1/agents/{agent_id}/mailbox", { params: { path: { agent_id: agentId } } }).queryKey;
}

/** The agent's mailbox; null: it has none. Looked at again and again: one that fails says so. */
export function useMailbox(agentId: string) {
  const { data, error, refetch } = useQuery({
    queryKey: keyOf(agentId),
    queryFn: () => orNull(api.GET("/v1/agents/{agent_id}/mailbox", { params: { path: { agent_id: agentId } } })),
    retry: false,
    refetchInterval: ({ state }) => (state.data ? LOOK_MS : false),
  });
  // A later look that fails must not take away the form with what was typed in it.
  return { data: data === undefined ? undefined : (data?.mailbox ?? null), error: data === undefined ? error : null, refetch };
}

export function keepMailbox(queries: QueryClient, agentId: string, answer: Schemas["MailboxOf"] | null): void {
  queries.setQueryData(keyOf(agentId), answer);
}

/** The answer, or null when there is no such thing (404). */
async function orNull<Data>(request: Promise<{ data?: Data }>): Promise<Data | null> {
  try {
    return (await request).data ?? null;
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 404) return null;
    throw error;
  }
}
