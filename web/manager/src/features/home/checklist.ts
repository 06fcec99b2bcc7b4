/** The first-run path (rule UI3): what is done is read from what exists, never remembered. Pure. */
import type { Schemas } from "../../api/api";

export type StepId = "sign-in" | "agent" | "test" | "tool" | "deploy" | "reach" | "call";

export interface Step {
  id: StepId;
  title: string;
  help: string;
  isDone: boolean;
}

export interface Facts {
  agents: Schemas["AgentView"][];
  stats: Schemas["AgentStats"][];
  numbers: Schemas["NumberReply"][];
  tokens: Schemas["EmbedTokenReply"][];
}

/** Without the tools every agent has from the start (end_call): one that does something. */
function hasTool(agent: Schemas["AgentView"]): boolean {
  return (agent.tool_definitions ?? []).length > 0 || (agent.tools ?? []).some((tool) => typeof tool !== "string");
}

/** The steps in their order. */
export function stepsOf({ agents, stats, numbers, tokens }: Facts): Step[] {
  return [
    { id: "sign-in", title: "Sign in", help: "You are here.", isDone: true },
    { id: "agent", title: "Make an assistant", help: "From a template it can talk at once.", isDone: agents.length > 0 },
    {
      id: "test",
      title: "Talk to it in the browser",
      help: "Speak or type. The built-in engines need no key and no network.",
      isDone: stats.some((entry) => entry.last_test_at !== null),
    },
    { id: "tool", title: "Give it a tool", help: "So that it looks things up and gets things done.", isDone: agents.some(hasTool) },
    {
      id: "deploy",
      title: "Deploy it",
      help: "Callers get what you deployed; you go on editing.",
      isDone: agents.some((agent) => agent.deployed),
    },
    {
      id: "reach",
      title: "Put it on a number or a web page",
      help: "A number of your carrier, or a snippet on your site.",
      isDone:
        numbers.some((number) => number.inboundRoute === "ai_agent" && number.routeTarget !== null) ||
        tokens.some((token) => token.is_active),
    },
    {
      id: "call",
      title: "See its first call",
      help: "Transcript, tools and response times, turn by turn.",
      isDone: stats.some((entry) => entry.last_call_at !== null),
    },
  ];
}

/** The step to do now: the first one that is open. */
export function nextStep(steps: Step[]): Step | undefined {
  return steps.find((step) => !step.isDone);
}

/** The agent the links of the steps lead to: the one edited last. */
export function agentAtHand(agents: Schemas["AgentView"][]): Schemas["AgentView"] | undefined {
  return byLastEdit(agents)[0];
}

export function byLastEdit(agents: Schemas["AgentView"][]): Schemas["AgentView"][] {
  return [...agents].sort((a, b) => b.updated_at.localeCompare(a.updated_at));
}
