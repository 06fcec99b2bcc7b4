/** Agents by what people call them, as the API searches: every word in the name, the id, the company or a number. Pure. */
import type { Schemas } from "../../api/api";

type Agent = Pick<Schemas["AgentView"], "agent_id" | "display_name" | "company">;

/** The agents that match, in their order; all of them without a query. */
export function matching<Found extends Agent>(query: string, agents: Found[], numbersOf: (agent: Found) => string[]): Found[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return agents;
  return agents.filter((agent) => {
    const named = `${agent.display_name}\n${agent.agent_id}\n${agent.company}`.toLowerCase();
    const numbers = numbersOf(agent);
    return words.every((word) => named.includes(word) || (isPartOfNumber(word) && numbers.some((number) => number.includes(digits(word)))));
  });
}

const digits = (word: string) => word.replace(/\D/g, "");

function isPartOfNumber(word: string): boolean {
  return /^[\d+().-]+$/.test(word) && digits(word) !== "";
}
