/** Changes to stages, as patches of the draft; each keeps every reference in step. Pure. */
import { type Agent, type AgentPatch, firstStageOf, isSame, type Stage, stagesOf, type Transition, toolNameOf } from "../draft/agent";

export const MOST_NAME = 100;

/** Why a stage cannot have this name; empty when it can. */
export function stageNameProblem(agent: Agent, name: string, current?: string): string {
  if (!name.trim()) return "A stage needs a name.";
  if (name.length > MOST_NAME) return `A name has ${MOST_NAME} characters at most.`;
  if (name !== current && stagesOf(agent).some((stage) => stage.name === name)) return `There is a stage ${name} already.`;
  return "";
}

/** A new name, also in the transitions that lead to the stage. */
export function renamedStage(agent: Agent, from: string, to: string): AgentPatch {
  const name = (item: string) => (item === from ? to : item);
  const stages = stagesOf(agent).map((stage) => ({
    ...stage,
    name: name(stage.name),
    transitions: stage.transitions.map((item) => ({ ...item, to_stage: name(item.to_stage) })),
  }));
  return agent.first_stage === from ? { stages, first_stage: to } : { stages };
}

/** One stage changed in its own fields. */
export function changedStage(agent: Agent, name: string, change: Partial<Omit<Stage, "name">>): AgentPatch {
  return { stages: stagesOf(agent).map((stage) => (stage.name === name ? { ...stage, ...change } : stage)) };
}

/** A further stage behind the others; on the phone it can hang up from the start. */
export function addedStage(agent: Agent): { patch: AgentPatch; name: string } {
  const name = freeName(agent, `stage ${stagesOf(agent).length + 1}`);
  const tools = agent.channel === "chat" ? [] : ["end_call"];
  return { name, patch: { stages: [...stagesOf(agent), { name, prompt: "", tools, transitions: [] }] } };
}

export function duplicatedStage(agent: Agent, name: string): { patch: AgentPatch; name: string } {
  const copy = freeName(agent, `${name.slice(0, MOST_NAME - 8)} copy`);
  const stages = stagesOf(agent).flatMap((stage) => (stage.name === name ? [stage, { ...stage, name: copy }] : [stage]));
  return { name: copy, patch: { stages } };
}

function freeName(agent: Agent, wanted: string): string {
  const taken = new Set(stagesOf(agent).map((stage) => stage.name));
  let name = wanted;
  for (let next = 2; taken.has(name); next += 1) name = `${wanted} ${next}`;
  return name;
}

/** Without the stage and the transitions that led to it; its tools stay defined. The last one: an agent without stages. */
export function removedStage(agent: Agent, name: string): AgentPatch {
  const stages = stagesOf(agent)
    .filter((stage) => stage.name !== name)
    .map((stage) => ({ ...stage, transitions: stage.transitions.filter((item) => item.to_stage !== name) }));
  return agent.first_stage === name ? { stages, first_stage: null } : { stages };
}

/** Transitions of other stages that lead to this one. */
export function leadingTo(agent: Agent, name: string): { stage: string; tool: string }[] {
  return stagesOf(agent)
    .filter((stage) => stage.name !== name)
    .flatMap((stage) =>
      stage.transitions.filter((item) => item.to_stage === name).map((item) => ({ stage: stage.name, tool: item.on_tool })),
    );
}

/** One place earlier (-1) or later (1); what conversations begin with does not change by it. */
export function shiftedStage(agent: Agent, name: string, by: -1 | 1): AgentPatch {
  const stages = [...stagesOf(agent)];
  const first = firstStageOf(agent)?.name ?? null;
  const place = stages.findIndex((stage) => stage.name === name);
  const stage = stages[place];
  if (!stage || place + by < 0 || place + by >= stages.length) return {};
  stages.splice(place, 1);
  stages.splice(place + by, 0, stage);
  return agent.first_stage === null && stages[0]?.name !== first ? { stages, first_stage: first } : { stages };
}

export function withTransitions(agent: Agent, name: string, transitions: Transition[]): AgentPatch {
  return changedStage(agent, name, { transitions });
}

/** An agent with one prompt becomes one with stages (rule A3): its prompt stays the persona, its tools go to the first stage. */
export function splitIntoStages(agent: Agent): AgentPatch {
  const tools = agent.tools ?? [];
  const inline = tools.flatMap((tool) => (typeof tool === "string" ? [] : [tool]));
  return {
    stages: [{ name: "main", prompt: "", tools: tools.map(toolNameOf), transitions: [] }],
    tools: [],
    ...(inline.length > 0 ? { tool_definitions: [...(agent.tool_definitions ?? []), ...inline] } : {}),
  };
}

/** S4: a stage of a voice agent that cannot end the call. */
export function cannotEnd(agent: Agent, tools: readonly string[]): boolean {
  return agent.channel !== "chat" && !tools.includes("end_call");
}

/** Whether a patch changes anything at all. */
export function isEmptyPatch(agent: Agent, patch: AgentPatch): boolean {
  const values = agent as unknown as Record<string, unknown>;
  return Object.entries(patch).every(([field, value]) => isSame(values[field], value));
}
