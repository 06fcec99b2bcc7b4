/** Stages as a graph: what leads where, and where each stage is drawn. Pure. */
import { type Agent, firstStageOf, stagesOf } from "../draft/agent";
import { cannotEnd } from "./edits";

export interface GraphNode {
  id: string;
  x: number;
  y: number;
  isFirst: boolean;
  isReachable: boolean;
  cannotEnd: boolean;
  tools: number;
}

export interface GraphEdge {
  id: string;
  from: string;
  to: string;
  /** Tools on which the conversation moves; several between the same stages are one edge. */
  tools: string[];
  /** The tool is none of the stage's: it never happens. */
  isDead: boolean;
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

export type Direction = "right" | "down";

/** Between two steps, and between two stages of one step. */
const GAPS_PX: Record<Direction, { step: number; side: number }> = { right: { step: 340, side: 150 }, down: { step: 150, side: 250 } };

/** Steps from the first stage go to the right, or down where there is no room; what nothing leads to stands behind all others. */
export function graphOf(agent: Agent, direction: Direction = "right"): Graph {
  const stages = stagesOf(agent);
  const first = firstStageOf(agent)?.name;
  const edges = edgesOf(agent);
  const steps = stepsFrom(first, edges);
  const places = placesOf(
    stages.map((stage) => stage.name),
    steps,
    direction,
  );
  const nodes = stages.map((stage, index): GraphNode => {
    return {
      id: stage.name,
      ...(places[index] ?? { x: 0, y: 0 }),
      isFirst: stage.name === first,
      isReachable: steps.has(stage.name),
      cannotEnd: cannotEnd(agent, stage.tools),
      tools: stage.tools.length,
    };
  });
  return { nodes, edges };
}

function placesOf(names: readonly string[], steps: ReadonlyMap<string, number>, direction: Direction): { x: number; y: number }[] {
  const { step: stepPx, side: sidePx } = GAPS_PX[direction];
  const widest = Math.max(0, ...countBy([...steps.values()]).values());
  const longest = Math.max(-1, ...steps.values()) + 1;
  const taken = new Map<number, number>();
  let loose = 0;
  return names.map((name) => {
    const step = steps.get(name);
    if (step === undefined) {
      // To the right there is a row for them below; downwards each has a row of its own, so that nothing gets wider.
      const place = loose++;
      return direction === "right" ? { x: place * stepPx, y: widest * sidePx } : { x: 0, y: (longest + place) * stepPx };
    }
    const side = taken.get(step) ?? 0;
    taken.set(step, side + 1);
    return direction === "right" ? { x: step * stepPx, y: side * sidePx } : { x: side * sidePx, y: step * stepPx };
  });
}

function edgesOf(agent: Agent): GraphEdge[] {
  const stages = stagesOf(agent);
  const names = new Set(stages.map((stage) => stage.name));
  const edges = new Map<string, GraphEdge>();
  for (const stage of stages) {
    for (const item of stage.transitions) {
      if (!names.has(item.to_stage)) continue;
      const isDead = !stage.tools.includes(item.on_tool);
      const id = JSON.stringify([stage.name, item.to_stage, isDead]);
      const edge = edges.get(id);
      if (edge) edge.tools.push(item.on_tool);
      else edges.set(id, { id, from: stage.name, to: item.to_stage, tools: [item.on_tool], isDead });
    }
  }
  return [...edges.values()];
}

function stepsFrom(first: string | undefined, edges: readonly GraphEdge[]): Map<string, number> {
  const steps = new Map<string, number>();
  if (first === undefined) return steps;
  const waiting = [first];
  steps.set(first, 0);
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    for (const edge of edges) {
      if (edge.from !== name || edge.isDead || steps.has(edge.to)) continue;
      steps.set(edge.to, (steps.get(name) ?? 0) + 1);
      waiting.push(edge.to);
    }
  }
  return steps;
}

function countBy(values: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
