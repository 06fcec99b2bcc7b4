import { $api, ApiProblem } from "../../api/api";

/** The agent's connection to its ERP; `stored` is null when it has none, undefined while that is not known. */
export function useBackend(agentId: string) {
  const query = $api.useQuery("get", "/v1/agents/{agent_id}/backend", { params: { path: { agent_id: agentId } } }, { retry: false });
  const hasNone = query.error instanceof ApiProblem && query.error.status === 404;
  return { stored: hasNone ? null : query.data, error: hasNone ? null : query.error, refetch: query.refetch };
}
