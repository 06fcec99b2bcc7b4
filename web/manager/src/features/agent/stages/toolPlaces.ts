/** Tools in their places: a stage, the preload section, or the one list of an agent without stages. Pure. */
import { type Agent, type AgentPatch, firstStageOf, kindOf, ownToolsOf, stagesOf, type Tool, toolNameOf } from "../draft/agent";
import { standardTool } from "./standardTools";

/** `stage:<name>`, `preload`, or `simple` (rule A3). */
export type PlaceId = `stage:${string}` | "preload" | "simple";

export const stagePlace = (name: string): PlaceId => `stage:${name}`;

export function placeLabel(place: PlaceId): string {
  if (place === "preload") return "the preload";
  return place === "simple" ? "the tools" : `the stage ${place.slice("stage:".length)}`;
}

/** Every place of an agent that tools can stand in. */
export function placesOf(agent: Agent): PlaceId[] {
  const stages = stagesOf(agent);
  return [...(stages.length > 0 ? stages.map((stage) => stagePlace(stage.name)) : ["simple" as const]), "preload"];
}

export function toolsIn(agent: Agent, place: PlaceId): string[] {
  if (place === "preload") return agent.preload_tools ?? [];
  if (place === "simple") return (agent.tools ?? []).map(toolNameOf);
  return stagesOf(agent).find((stage) => stagePlace(stage.name) === place)?.tools ?? [];
}

/** What a tool is; unknown: nothing of that name is defined (an error at deploy). */
export function kindOfTool(agent: Agent, name: string): "builtin" | "webhook" | "code" | "unknown" {
  const own = ownToolsOf(agent).find((tool) => tool.name === name);
  if (own) return kindOf(own);
  return standardTool(name)?.kind ?? "unknown";
}

/** Where a tool goes with one click from here: into the preload, and back to the first stage (rule P6). Null: it cannot be preloaded. */
export function oneClickPlace(agent: Agent, place: PlaceId, tool: string): PlaceId | null {
  if (place === "preload") {
    const first = firstStageOf(agent);
    return first ? stagePlace(first.name) : "simple";
  }
  return kindOfTool(agent, tool) === "code" ? "preload" : null;
}

export function addedTo(agent: Agent, place: PlaceId, tool: string, index?: number): AgentPatch {
  return patchOfPlaces(agent, (tools, at) => (at === place ? inserted(tools, tool, index) : tools));
}

/** The transitions that wait for the tool there go with it. */
export function removedFrom(agent: Agent, place: PlaceId, tool: string): AgentPatch {
  return patchOfPlaces(agent, (tools, at) => (at === place ? tools.filter((name) => name !== tool) : tools));
}

/** Into another place, or to another position in the same one. A transition on the tool moves along from stage to stage. */
export function movedTool(agent: Agent, tool: string, from: PlaceId, to: PlaceId, index?: number): AgentPatch {
  const carried = transitionsOn(agent, from, tool);
  return patchOfPlaces(
    agent,
    (tools, at) => {
      const rest = at === from ? tools.filter((name) => name !== tool) : tools;
      return at === to ? inserted(rest, tool, index) : rest;
    },
    from === to ? {} : { to, carried },
  );
}

function transitionsOn(agent: Agent, place: PlaceId, tool: string) {
  const stage = stagesOf(agent).find((item) => stagePlace(item.name) === place);
  return (stage?.transitions ?? []).filter((item) => item.on_tool === tool);
}

/** What is lost when the tool leaves this place for `to`: names of the stages its transitions led to. */
export function lostTransitions(agent: Agent, place: PlaceId, tool: string, to: PlaceId | null): string[] {
  if (to?.startsWith("stage:")) return [];
  return transitionsOn(agent, place, tool).map((item) => item.to_stage);
}

interface Carried {
  to?: PlaceId;
  carried?: ReturnType<typeof transitionsOn>;
}

function patchOfPlaces(
  agent: Agent,
  change: (tools: string[], place: PlaceId) => string[],
  { to, carried = [] }: Carried = {},
): AgentPatch {
  const patch: AgentPatch = {};
  const preload = change(agent.preload_tools ?? [], "preload");
  if (!isSameList(preload, agent.preload_tools ?? [])) patch.preload_tools = preload;
  const simple = (agent.tools ?? []).map(toolNameOf);
  const simpleAfter = change(simple, "simple");
  if (!isSameList(simple, simpleAfter)) Object.assign(patch, simplePatch(agent, simpleAfter));
  let isStageChanged = false;
  const stages = stagesOf(agent).map((stage) => {
    const place = stagePlace(stage.name);
    const tools = change(stage.tools, place);
    if (isSameList(tools, stage.tools)) return stage;
    isStageChanged = true;
    const left = stage.transitions.filter((item) => tools.includes(item.on_tool) || !stage.tools.includes(item.on_tool));
    const come =
      place === to ? carried.filter((item) => item.to_stage !== stage.name && !left.some((other) => other.on_tool === item.on_tool)) : [];
    return { ...stage, tools, transitions: [...left, ...come] };
  });
  if (isStageChanged) patch.stages = stages;
  return patch;
}

/** A tool that is defined inline keeps its definition when it leaves the list. */
function simplePatch(agent: Agent, names: readonly string[]): AgentPatch {
  const inline = new Map((agent.tools ?? []).flatMap((tool) => (typeof tool === "string" ? [] : [[tool.name, tool] as const])));
  const leaving: Tool[] = [...inline.values()].filter((tool) => !names.includes(tool.name));
  return {
    tools: names.map((name) => inline.get(name) ?? name),
    ...(leaving.length > 0 ? { tool_definitions: [...(agent.tool_definitions ?? []), ...leaving] } : {}),
  };
}

function inserted(tools: readonly string[], tool: string, index = tools.length): string[] {
  const rest = tools.filter((name) => name !== tool);
  return [...rest.slice(0, index), tool, ...rest.slice(index)];
}

function isSameList(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((item, place) => item === right[place]);
}
