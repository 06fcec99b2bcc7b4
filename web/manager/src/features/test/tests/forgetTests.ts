import { queryClient } from "../../../api/queryClient";

/** The list of tests, and what is known of each, is read again. */
export async function forgetTests(): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: ["get", "/v1/agents/{agent_id}/tests"] });
  await queryClient.invalidateQueries({ queryKey: ["get", "/v1/agents/{agent_id}/tests/{test_id}"] });
}
