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

const COLUMN_PX = 340;
const ROW_PX = 150;

/** Columns by the number of steps from the first stage; what nothing leads to stands in a last row. */
export function graphOf(agent: Agent): Graph {
  const stages = stagesOf(agent);
  const first = firstStageOf(agent)?.name;
  const edges = edgesOf(agent);
  const steps = stepsFrom(first, edges);
  const rows = new Map<number, number>();
  const deepest = Math.max(0, ...[...countBy([...steps.values()]).values()]);
  let loose = 0;
  const nodes = stages.map((stage): GraphNode => {
    const step = steps.get(stage.name);
    const column = step ?? loose;
    const row = step === undefined ? deepest : (rows.get(step) ?? 0);
    if (step === undefined) loose += 1;
    else rows.set(step, row + 1);
    return {
      id: stage.name,
      x: column * COLUMN_PX,
      y: row * ROW_PX,
      isFirst: stage.name === first,
      isReachable: step !== undefined,
      cannotEnd: cannotEnd(agent, stage.tools),
      tools: stage.tools.length,
    };
  });
  return { nodes, edges };
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
