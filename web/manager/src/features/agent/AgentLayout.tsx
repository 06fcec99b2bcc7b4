import { Outlet, useParams } from "@tanstack/react-router";
import { $api } from "../../api/api";
import { ErrorState } from "../../ui/ErrorState";
import { Loading } from "../../ui/Loading";
import { AgentHeader } from "./AgentHeader";
import { DraftProvider } from "./draft/DraftProvider";

/** The frame of the agent editor: loads the draft once, the tabs work on it. */
export function AgentLayout() {
  const { agentId } = useParams({ from: "/shell/agents/$agentId" });
  const agent = $api.useQuery("get", "/v1/agents/{agent_id}", { params: { path: { agent_id: agentId } } });
  if (agent.data)
    return (
      <DraftProvider key={agentId} loaded={agent.data.agent}>
        <AgentHeader />
        <Outlet />
      </DraftProvider>
    );
  if (agent.error) return <ErrorState error={agent.error} what={`The agent ${agentId}`} onRetry={agent.refetch} />;
  return <Loading lines={6} />;
}
