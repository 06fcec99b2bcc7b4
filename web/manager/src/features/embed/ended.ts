import type { EmbedToken } from "./EmbedPage";

type Rules = Pick<EmbedToken, "agent_id" | "allowed_origins" | "require_authentication">;

/** Which running conversations end when these changes are saved (rule E6), in words. */
export function endedBy(stored: Rules, changed: Rules): string[] {
  const { allowed_origins: before } = stored;
  const { allowed_origins: after } = changed;
  // An empty list allows every site.
  const isNarrower = after.length > 0 && (before.length === 0 || before.some((origin) => !after.includes(origin)));
  return [
    ...(changed.agent_id === stored.agent_id ? [] : ["conversations with the agent of now"]),
    ...(isNarrower ? ["conversations on sites that are not in the list any more"] : []),
    ...(changed.require_authentication && !stored.require_authentication ? ["conversations of visitors nobody vouched for"] : []),
  ];
}
