import "@xyflow/react/dist/style.css";
import { useComputedColorScheme } from "@mantine/core";
import {
  Background,
  Controls,
  type Edge,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
  useNodesState,
} from "@xyflow/react";
import { useEffect, useMemo } from "react";
import type { Agent } from "../draft/agent";
import { type GraphEdge, type GraphNode, graphOf } from "./graph";
import classes from "./Stages.module.css";

type StageNodeType = Node<GraphNode & Record<string, unknown>, "stage">;
const NODE_TYPES = { stage: StageNode };

/** The same stages as a graph. Nodes can be pushed aside to see better; that is not stored. */
export default function StageGraph({ draft, onOpen }: { draft: Agent; onOpen: (stage: string) => void }) {
  const scheme = useComputedColorScheme("light");
  const graph = useMemo(() => graphOf(draft), [draft]);
  const [nodes, setNodes, onNodesChange] = useNodesState<StageNodeType>([]);
  useEffect(() => {
    setNodes((before) => {
      const places = new Map(before.map((node) => [node.id, node.position]));
      return graph.nodes.map((node) => nodeOf(node, places.get(node.id)));
    });
  }, [graph, setNodes]);
  const edges = useMemo(() => graph.edges.map(edgeOf), [graph]);

  return (
    <section className={classes.graph} aria-label="Graph of the stages">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        onNodesChange={onNodesChange}
        onNodeClick={(_, node) => onOpen(node.id)}
        onKeyDown={(event) => {
          const id = event.target instanceof HTMLElement ? event.target.closest("[data-id]")?.getAttribute("data-id") : null;
          if (event.key === "Enter" && id && draft.stages?.some((stage) => stage.name === id)) onOpen(id);
        }}
        colorMode={scheme}
        minZoom={0.2}
        fitView
        fitViewOptions={{ padding: 0.2, maxZoom: 1 }}
        nodesConnectable={false}
        edgesFocusable={false}
        deleteKeyCode={null}
        ariaLabelConfig={{ "node.a11yDescription.default": "Press enter to open the stage, the arrow keys to move it." }}
      >
        <Background />
        <Controls showInteractive={false} />
      </ReactFlow>
    </section>
  );
}

function nodeOf(node: GraphNode, place: { x: number; y: number } | undefined): StageNodeType {
  return { id: node.id, type: "stage", position: place ?? { x: node.x, y: node.y }, data: { ...node }, ariaLabel: `Stage ${node.id}` };
}

function edgeOf(edge: GraphEdge): Edge {
  return {
    id: edge.id,
    source: edge.from,
    target: edge.to,
    label: edge.tools.join(", "),
    markerEnd: { type: MarkerType.ArrowClosed, color: "var(--mantine-color-dimmed)", width: 18, height: 18 },
    style: { stroke: "var(--mantine-color-dimmed)", strokeWidth: 1.5, ...(edge.isDead ? { strokeDasharray: "4 4" } : {}) },
    labelShowBg: true,
    labelBgPadding: [6, 3],
    labelBgBorderRadius: 6,
  };
}

function StageNode({ data }: NodeProps<StageNodeType>) {
  const notes = [
    data.isFirst ? "begins here" : "",
    data.isReachable ? "" : "nothing leads here",
    data.cannotEnd ? "cannot hang up" : "",
  ].filter(Boolean);
  return (
    <div className={classes.node} data-first={data.isFirst || undefined} data-loose={data.isReachable ? undefined : true}>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <strong>{data.id}</strong>
      <div style={{ color: "var(--mantine-color-dimmed)", fontSize: "0.75rem" }}>
        {data.tools === 1 ? "1 tool" : `${data.tools} tools`}
        {notes.length > 0 && ` · ${notes.join(" · ")}`}
      </div>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
}
