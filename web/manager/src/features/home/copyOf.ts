/** What a duplicate begins with: everything of the draft, nothing of its life. Pure. */
import type { Schemas } from "../../api/api";

/** The body that creates the copy. Written once here so that a new field of a draft is copied by itself. */
export function copyOf(
  agent: Schemas["AgentView"],
  taken: ReadonlySet<string>,
  slug: (name: string, taken: ReadonlySet<string>) => string,
): Schemas["AgentCreate"] {
  const {
    agent_id: _id,
    version: _version,
    deployed: _deployed,
    deployment: _deployment,
    deployed_at: _deployedAt,
    has_undeployed_changes: _changes,
    created_at: _created,
    updated_at: _updated,
    // Also inside `llm`.
    temperature: _temperature,
    thinking_level: _thinking,
    ...draft
  } = agent;
  const name = `${agent.display_name} (copy)`.slice(0, 200);
  return { ...draft, display_name: name, agent_id: slug(name, taken) };
}
