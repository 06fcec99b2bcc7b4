/** Who changed the agent on the server, for sentences such as "changed by …". */
import { useQuery } from "@tanstack/react-query";
import { api } from "../../../api/api";
import { meQuery } from "../../../api/me";
import { queryClient } from "../../../api/queryClient";
import { useDraft } from "./DraftProvider";

const UNKNOWN = "somebody else";

/** Never rejects: who it was matters less than what was changed. */
export async function lastAuthor(agentId: string): Promise<string> {
  try {
    const { data } = await api.GET("/v1/agents/{agent_id}/last-change", { params: { path: { agent_id: agentId } } });
    if (!data) return UNKNOWN;
    if (data.id === queryClient.getQueryData(meQuery.queryKey)?.id) return "you in another window";
    return data.kind === "api_key" ? `the API key ${data.name}` : data.name;
  } catch {
    return UNKNOWN;
  }
}

/** Whose change stands against one's own, while there is a conflict. */
export function useOtherAuthor(): string {
  const { draft, conflicts } = useDraft();
  const { data } = useQuery({
    // The version that one's own changes come from: every conflict has another one.
    queryKey: ["last-author", draft.agent_id, draft.version],
    queryFn: () => lastAuthor(draft.agent_id),
    enabled: conflicts.length > 0,
  });
  return data ?? UNKNOWN;
}
