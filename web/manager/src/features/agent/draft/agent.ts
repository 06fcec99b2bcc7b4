/** The draft as the editor holds it: every list present, every optional field there, so that two drafts compare by value. Pure. */
import type { Schemas } from "../../../api/api";

export type Agent = Schemas["AgentView"];
export type AgentPatch = Schemas["AgentPatch"];
export type Stage = Required<Schemas["DraftStage"]>;
export type Transition = Schemas["DraftTransition"];
export type Tool = Schemas["DraftTool"];

/** What the server alone sets; `temperature` and `thinking_level` repeat those of `llm`. */
export const SERVER_FIELDS = [
  "agent_id",
  "version",
  "deployed",
  "deployment",
  "deployed_at",
  "has_undeployed_changes",
  "created_at",
  "updated_at",
] as const;
const MIRRORED_FIELDS = ["temperature", "thinking_level"] as const;
const NOT_EDITABLE: ReadonlySet<string> = new Set([...SERVER_FIELDS, ...MIRRORED_FIELDS]);

/** What `null` in a patch stands for where a field cannot be null. */
const DEFAULTS: Record<string, unknown> = {
  role: "AI Assistant",
  language: "en",
  system_prompt: "",
  tools: [],
  stages: [],
  preload_tools: [],
  tool_definitions: [],
  resources: [],
  integrations: {},
};

export function stagesOf(agent: Agent): Stage[] {
  return (agent.stages ?? []) as Stage[];
}

/** The stage conversations begin in; undefined for an agent without stages (rule A3). */
export function firstStageOf(agent: Agent): Stage | undefined {
  const stages = stagesOf(agent);
  return stages.find((stage) => stage.name === agent.first_stage) ?? stages[0];
}

/** Tools that this agent defines itself; inline ones of a one-stage agent first. */
export function ownToolsOf(agent: Agent): Tool[] {
  const inline = (agent.tools ?? []).filter((tool): tool is Tool => typeof tool !== "string");
  return [...inline, ...(agent.tool_definitions ?? [])];
}

export function toolNameOf(tool: string | Tool): string {
  return typeof tool === "string" ? tool : tool.name;
}

/** How a tool runs, by the server's rule: code when there is code, else a webhook. */
export function kindOf(tool: Tool): "builtin" | "webhook" | "code" {
  return tool.kind ?? (tool.code === null || tool.code === undefined ? "webhook" : "code");
}

/** Values by content; the order of keys does not count, and a missing key equals an undefined one. */
export function isSame(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((item, place) => isSame(item, right[place]));
  const one = left as Record<string, unknown>;
  const other = right as Record<string, unknown>;
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].every((key) => isSame(one[key], other[key]));
}

function wholeTool(tool: Tool): Tool {
  return {
    ...tool,
    kind: tool.kind ?? null,
    description: tool.description ?? "",
    parameters: tool.parameters ?? { type: "object", properties: {} },
    code: tool.code ?? null,
    timeout_s: tool.timeout_s ?? null,
  };
}

/** The same draft with nothing left out. */
export function whole(agent: Agent): Agent {
  return {
    ...agent,
    tools: (agent.tools ?? []).map((tool) => (typeof tool === "string" ? tool : wholeTool(tool))),
    tool_definitions: (agent.tool_definitions ?? []).map(wholeTool),
    preload_tools: agent.preload_tools ?? [],
    resources: agent.resources ?? [],
    integrations: agent.integrations ?? {},
    stages: (agent.stages ?? []).map((stage) => ({
      ...stage,
      prompt: stage.prompt ?? "",
      tools: stage.tools ?? [],
      transitions: (stage.transitions ?? []).map((item) => ({ ...item, handover_message: item.handover_message ?? null })),
    })),
  };
}

/** The draft with changes in it, as the server would apply them: `llm` in parts, null clears. */
export function withPatch(agent: Agent, patch: AgentPatch): Agent {
  const { llm, temperature, thinking_level, ...rest } = patch;
  const values: Record<string, unknown> = { ...agent };
  for (const [field, value] of Object.entries(rest)) {
    if (value === undefined) continue;
    values[field] = value === null && field in DEFAULTS ? DEFAULTS[field] : value;
  }
  if (rest.company === null) values.company = values.display_name;
  const model: Record<string, unknown> = { ...agent.llm };
  for (const [field, value] of Object.entries({ ...llm, temperature, thinking_level })) {
    if (value !== undefined && (value !== null || !(field === "temperature" || field === "thinking_level" || field === "options")))
      model[field] = value;
  }
  return whole(withMirrored({ ...values, llm: model } as unknown as Agent));
}

/** `temperature` and `thinking_level` say what `llm` says. */
export function withMirrored(agent: Agent): Agent {
  return {
    ...agent,
    temperature: agent.llm?.temperature ?? agent.temperature,
    thinking_level: agent.llm?.thinking_level ?? agent.thinking_level,
  };
}

/** What a PATCH must say to make `before` into `after`; empty when they are the same. */
export function patchOf(before: Agent, after: Agent): AgentPatch {
  const from = before as unknown as Record<string, unknown>;
  const to = after as unknown as Record<string, unknown>;
  const changed: Record<string, unknown> = {};
  for (const field of new Set([...Object.keys(from), ...Object.keys(to)])) {
    if (NOT_EDITABLE.has(field) || isSame(from[field], to[field])) continue;
    // A company that reads like the agent's name follows it.
    changed[field] = field === "company" && to.company === to.display_name ? null : (to[field] ?? null);
  }
  return changed as AgentPatch;
}

/** `agent` with the fields that only the server sets taken from `server`. */
export function withServerFields(agent: Agent, server: Agent): Agent {
  return { ...agent, ...Object.fromEntries(SERVER_FIELDS.map((field) => [field, server[field]])) };
}
