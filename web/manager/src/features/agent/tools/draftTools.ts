/** Where tools stand in a draft, and the changes that keep every place in step. Pure. */
import type { Schemas } from "../../../api/api";
import type { Agent, AgentPatch } from "../draft/DraftProvider";

export type DraftTool = Schemas["DraftTool"];
export type DraftStage = Schemas["DraftStage"];
export type ToolKind = "code" | "webhook";

export const TOOL_NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;

type ToolParts = Pick<Agent, "tools" | "tool_definitions" | "stages" | "preload_tools" | "first_stage">;

export interface StageUse {
  stage: string;
  transition: { to: string; handover: string } | null;
  isNamedInPrompt: boolean;
}

export interface ToolUses {
  stages: StageUse[];
  isPreload: boolean;
  /** One of the tools of an agent without stages. */
  isSimple: boolean;
}

/** What a tool without `kind` runs as. */
export function kindOf(tool: DraftTool): ToolKind {
  if (tool.kind === "webhook" || tool.kind === "code") return tool.kind;
  return tool.code === null || tool.code === undefined ? "webhook" : "code";
}

/** Tools that the agent defines itself. */
export function ownTools(draft: ToolParts): DraftTool[] {
  return [...(draft.tools ?? []).flatMap((tool) => (typeof tool === "string" ? [] : [tool])), ...(draft.tool_definitions ?? [])];
}

export function ownTool(draft: ToolParts, name: string): DraftTool | undefined {
  return ownTools(draft).find((tool) => tool.name === name);
}

/** Why `name` cannot be the name of a tool; empty when it can. */
export function nameProblem(draft: ToolParts, name: string, current?: string): string {
  if (!name) return "Give the tool a name, such as find_order.";
  if (!TOOL_NAME.test(name)) return "Letters, digits, _ and - only; it begins with a letter or _ and has 64 characters at most.";
  if (name === "new") return "“new” is the address of this form; take another name.";
  if (name !== current && ownTool(draft, name)) return `There is a tool ${name} already.`;
  return "";
}

/** The tool with some fields changed, wherever it stands. */
export function changedTool(draft: ToolParts, name: string, change: Partial<DraftTool>): AgentPatch {
  const changed = (tool: DraftTool) => (tool.name === name ? { ...tool, ...change } : tool);
  if ((draft.tool_definitions ?? []).some((tool) => tool.name === name)) {
    return { tool_definitions: (draft.tool_definitions ?? []).map(changed) };
  }
  return { tools: (draft.tools ?? []).map((tool) => (typeof tool === "string" ? tool : changed(tool))) };
}

/** A further tool, offered in `stage` when one is named. */
export function addedTool(draft: ToolParts, tool: DraftTool, stage: string | null): AgentPatch {
  const patch: AgentPatch = { tool_definitions: [...(draft.tool_definitions ?? []), tool] };
  if (stage !== null) patch.stages = (draft.stages ?? []).map((item) => (item.name === stage ? offered(item, tool.name) : item));
  else if ((draft.stages ?? []).length === 0) patch.tools = [...(draft.tools ?? []), tool.name];
  return patch;
}

/** The tool in or out of one stage; leaving it takes the transition along. */
export function offeredIn(draft: ToolParts, name: string, stage: string, isOffered: boolean): AgentPatch {
  return {
    stages: (draft.stages ?? []).map((item) => {
      if (item.name !== stage) return item;
      return isOffered ? offered(item, name) : withoutIn(item, name);
    }),
  };
}

/** The tool run while the greeting is spoken, or no longer. */
export function preloaded(draft: ToolParts, name: string, isPreload: boolean): AgentPatch {
  const others = (draft.preload_tools ?? []).filter((item) => item !== name);
  return { preload_tools: isPreload ? [...others, name] : others };
}

/** A new name, in every place that names the tool; only what changes is in the patch. */
export function renamedTool(draft: ToolParts, from: string, to: string): AgentPatch {
  const name = (item: string) => (item === from ? to : item);
  const patch: AgentPatch = {};
  if ((draft.tool_definitions ?? []).some((tool) => tool.name === from)) {
    patch.tool_definitions = (draft.tool_definitions ?? []).map((tool) => (tool.name === from ? { ...tool, name: to } : tool));
  }
  if ((draft.tools ?? []).some((tool) => (typeof tool === "string" ? tool : tool.name) === from)) {
    patch.tools = (draft.tools ?? []).map((tool) =>
      typeof tool === "string" ? name(tool) : tool.name === from ? { ...tool, name: to } : tool,
    );
  }
  if ((draft.preload_tools ?? []).includes(from)) patch.preload_tools = (draft.preload_tools ?? []).map(name);
  if ((draft.stages ?? []).some((stage) => isUsedIn(stage, from))) {
    patch.stages = (draft.stages ?? []).map((stage) => ({
      ...stage,
      tools: (stage.tools ?? []).map(name),
      transitions: (stage.transitions ?? []).map((item) => ({ ...item, on_tool: name(item.on_tool) })),
    }));
  }
  return patch;
}

/** Without the tool. `keepsUses`: a tool of the platform has the same name and takes its place. */
export function removedTool(draft: ToolParts, name: string, keepsUses = false): AgentPatch {
  const patch: AgentPatch = {};
  if ((draft.tool_definitions ?? []).some((tool) => tool.name === name)) {
    patch.tool_definitions = (draft.tool_definitions ?? []).filter((tool) => tool.name !== name);
  }
  const tools = (draft.tools ?? []).flatMap((tool): (string | DraftTool)[] => {
    if (typeof tool === "string") return keepsUses || tool !== name ? [tool] : [];
    if (tool.name !== name) return [tool];
    return keepsUses ? [name] : [];
  });
  if (JSON.stringify(tools) !== JSON.stringify(draft.tools ?? [])) patch.tools = tools;
  if (keepsUses) return patch;
  if ((draft.preload_tools ?? []).includes(name)) patch.preload_tools = (draft.preload_tools ?? []).filter((item) => item !== name);
  if ((draft.stages ?? []).some((stage) => isUsedIn(stage, name))) patch.stages = (draft.stages ?? []).map((item) => withoutIn(item, name));
  return patch;
}

/** Every place that uses a tool. */
export function usesOf(draft: ToolParts, name: string): ToolUses {
  const stages = (draft.stages ?? []).flatMap((stage): StageUse[] => {
    if (!isUsedIn(stage, name)) return [];
    const transition = (stage.transitions ?? []).find((item) => item.on_tool === name);
    return [
      {
        stage: stage.name,
        transition: transition ? { to: transition.to_stage, handover: transition.handover_message ?? "" } : null,
        isNamedInPrompt: namesTool(stage.prompt ?? "", name),
      },
    ];
  });
  const isSimple = (draft.tools ?? []).some((tool) => (typeof tool === "string" ? tool : tool.name) === name);
  return { stages, isPreload: (draft.preload_tools ?? []).includes(name), isSimple };
}

/** Stages whose prompt has the tool's name in it: text that a new name does not change by itself. */
export function promptsNaming(draft: ToolParts, name: string): string[] {
  return (draft.stages ?? []).filter((stage) => namesTool(stage.prompt ?? "", name)).map((stage) => stage.name);
}

function namesTool(prompt: string, name: string): boolean {
  return prompt.split(/[^A-Za-z0-9_-]+/).includes(name);
}

function isUsedIn(stage: DraftStage, name: string): boolean {
  return (stage.tools ?? []).includes(name) || (stage.transitions ?? []).some((item) => item.on_tool === name);
}

function offered(stage: DraftStage, name: string): DraftStage {
  return (stage.tools ?? []).includes(name) ? stage : { ...stage, tools: [...(stage.tools ?? []), name] };
}

function withoutIn(stage: DraftStage, name: string): DraftStage {
  return {
    ...stage,
    tools: (stage.tools ?? []).filter((item) => item !== name),
    transitions: (stage.transitions ?? []).filter((item) => item.on_tool !== name),
  };
}
