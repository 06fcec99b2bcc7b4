import "@xyflow/react/dist/style.css";
import { useComputedColorScheme } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
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
import { type Direction, type GraphEdge, type GraphNode, graphOf } from "./graph";
import classes from "./Stages.module.css";

type StageNodeType = Node<GraphNode & { direction: Direction } & Record<string, unknown>, "stage">;
const NODE_TYPES = { stage: StageNode };

/** Where a graph to the right would be too small to read. */
const NARROW = "(max-width: 37.5em)";

/** On a narrow screen the page is scrolled, and a finger on the graph must not move the graph instead. */
const STILL = {
  panOnDrag: false,
  zoomOnScroll: false,
  zoomOnPinch: false,
  zoomOnDoubleClick: false,
  preventScrolling: false,
  nodesDraggable: false,
} as const;

/** Room for the last stage and a little air around all of them. */
const AROUND_PX = 130;

interface StageGraphProps {
  draft: Agent;
  onOpen: (stage: string) => void;
}

/** The same stages as a graph, to the right where there is room, else downwards. */
export default function StageGraph(props: StageGraphProps) {
  const direction = useMediaQuery(NARROW, false, { getInitialValueInEffect: false }) ? "down" : "right";
  return <Drawn key={direction} direction={direction} {...props} />;
}

/** Where they can be pushed aside to see better, that is not stored. */
function Drawn({ draft, onOpen, direction }: StageGraphProps & { direction: Direction }) {
  const scheme = useComputedColorScheme("light");
  const graph = useMemo(() => graphOf(draft, direction), [draft, direction]);
  const isDown = direction === "down";
  const height = isDown ? Math.max(0, ...graph.nodes.map((node) => node.y)) + AROUND_PX : undefined;
  const [nodes, setNodes, onNodesChange] = useNodesState<StageNodeType>([]);
  useEffect(() => {
    setNodes((before) => {
      const places = new Map(before.map((node) => [node.id, node.position]));
      return graph.nodes.map((node) => nodeOf(node, direction, isDown ? undefined : places.get(node.id)));
    });
  }, [graph, direction, isDown, setNodes]);
  const edges = useMemo(() => graph.edges.map(edgeOf), [graph]);

  return (
    <section className={classes.graph} style={{ height }} data-down={isDown || undefined} aria-label="Graph of the stages">
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
        fitViewOptions={{ padding: isDown ? 0.05 : 0.2, maxZoom: 1 }}
        nodesConnectable={false}
        {...(isDown ? STILL : {})}
        edgesFocusable={false}
        deleteKeyCode={null}
        ariaLabelConfig={{
          "node.a11yDescription.default": `Press enter to open the stage${isDown ? "" : ", the arrow keys to move it"}.`,
        }}
      >
        <Background />
        {!isDown && <Controls showInteractive={false} />}
      </ReactFlow>
    </section>
  );
}

function nodeOf(node: GraphNode, direction: Direction, place: { x: number; y: number } | undefined): StageNodeType {
  return {
    id: node.id,
    type: "stage",
    position: place ?? { x: node.x, y: node.y },
    data: { ...node, direction },
    ariaLabel: `Stage ${node.id}`,
  };
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
  const isDown = data.direction === "down";
  return (
    <div className={classes.node} data-first={data.isFirst || undefined} data-loose={data.isReachable ? undefined : true}>
      <Handle type="target" position={isDown ? Position.Top : Position.Left} isConnectable={false} />
      <strong>{data.id}</strong>
      <div style={{ color: "var(--mantine-color-dimmed)", fontSize: "0.75rem" }}>
        {data.tools === 1 ? "1 tool" : `${data.tools} tools`}
        {notes.length > 0 && ` · ${notes.join(" · ")}`}
      </div>
      <Handle type="source" position={isDown ? Position.Bottom : Position.Right} isConnectable={false} />
    </div>
  );
}
