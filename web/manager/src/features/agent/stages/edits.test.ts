/** Proves S1 S2 S4 A3 P6 UI2: renaming, moving, removing and preloading keep every reference in step, and lose nothing. */
import { describe, expect, it } from "vitest";
import { type Agent, type AgentPatch, stagesOf, withPatch } from "../draft/agent";
import { exampleAgent } from "../draft/exampleAgent";
import {
  addedStage,
  cannotEnd,
  duplicatedStage,
  leadingTo,
  removedStage,
  renamedStage,
  shiftedStage,
  splitIntoStages,
  stageNameProblem,
} from "./edits";
import { graphOf } from "./graph";
import { addedTo, kindOfTool, lostTransitions, movedTool, oneClickPlace, removedFrom, stagePlace, toolsIn } from "./toolPlaces";

const agent = exampleAgent();
const after = (patch: AgentPatch, before: Agent = agent) => withPatch(before, patch);
const [ORDER, CHECKOUT] = [stagePlace("order"), stagePlace("checkout")];
const names = (of: Agent) => stagesOf(of).map((stage) => stage.name);
const transitionsOf = (of: Agent, name: string) => stagesOf(of).find((stage) => stage.name === name)?.transitions;

describe("stages", () => {
  it("renames a stage with its transitions and the first stage", () => {
    const renamed = after(
      renamedStage(withPatch(agent, { first_stage: "checkout" }), "checkout", "pay"),
      withPatch(agent, { first_stage: "checkout" }),
    );
    expect(names(renamed)).toEqual(["order", "pay"]);
    expect(transitionsOf(renamed, "order")?.[0]?.to_stage).toBe("pay");
    expect(renamed.first_stage).toBe("pay");
  });
  it.each([
    ["", "A stage needs a name."],
    ["checkout", "There is a stage checkout already."],
    ["x".repeat(101), "A name has 100 characters at most."],
    ["order", ""],
    ["anything else", ""],
  ])("judges the name %j", (name, problem) => {
    expect(stageNameProblem(agent, name, "order")).toBe(problem);
  });
  it("adds a stage that can hang up, and copies one under a free name", () => {
    const added = addedStage(agent);
    expect(added.name).toBe("stage 3");
    expect(cannotEnd(agent, toolsIn(after(added.patch), stagePlace("stage 3")))).toBe(false);
    expect(names(after(duplicatedStage(agent, "order").patch))).toEqual(["order", "order copy", "checkout"]);
  });
  it("removes a stage with what led to it", () => {
    const removed = after(removedStage(agent, "checkout"));
    expect(names(removed)).toEqual(["order"]);
    expect(transitionsOf(removed, "order")).toEqual([]);
    expect(removed.tool_definitions).toHaveLength(2);
    expect(leadingTo(agent, "checkout")).toEqual([{ stage: "order", tool: "price_order" }]);
  });
  it("changes the order without changing where conversations begin", () => {
    const shifted = after(shiftedStage(agent, "checkout", -1));
    expect(names(shifted)).toEqual(["checkout", "order"]);
    expect(shifted.first_stage).toBe("order");
    expect(shiftedStage(agent, "checkout", 1)).toEqual({});
  });
  it("makes stages of a simple agent and keeps its inline tools", () => {
    const simple = withPatch(agent, { stages: [], tools: ["end_call", { name: "own", code: "return {}", description: "" }] });
    const split = after(splitIntoStages(simple), simple);
    expect(stagesOf(split)).toMatchObject([{ name: "main", tools: ["end_call", "own"] }]);
    expect(split.tools).toEqual([]);
    expect(split.tool_definitions?.map((tool) => tool.name)).toContain("own");
  });
  it("warns of a voice stage without end_call only", () => {
    expect(cannotEnd(agent, ["price_order"])).toBe(true);
    expect(cannotEnd(withPatch(agent, { channel: "chat" }), [])).toBe(false);
  });
});

describe("tools", () => {
  it("moves a tool with its transition from stage to stage", () => {
    const moved = after(movedTool(agent, "price_order", ORDER, stagePlace("checkout"), 1));
    expect(toolsIn(moved, ORDER)).toEqual(["end_call"]);
    expect(toolsIn(moved, CHECKOUT)).toEqual(["place_order", "price_order", "end_call"]);
    expect(transitionsOf(moved, "order")).toEqual([]);
    // It would lead to where it stands.
    expect(transitionsOf(moved, "checkout")).toEqual([]);
  });
  it("carries a transition along that leads to a third stage", () => {
    const three = after(addedStage(agent).patch);
    const moved = after(movedTool(three, "price_order", ORDER, stagePlace("stage 3")), three);
    expect(transitionsOf(moved, "stage 3")).toMatchObject([{ on_tool: "price_order", to_stage: "checkout" }]);
  });
  it("moves within a place, and nothing else changes", () => {
    const moved = after(movedTool(agent, "end_call", ORDER, ORDER, 0));
    expect(toolsIn(moved, ORDER)).toEqual(["end_call", "price_order"]);
    expect(transitionsOf(moved, "order")).toHaveLength(1);
  });
  it("does not double a tool that is there already", () => {
    expect(toolsIn(after(movedTool(agent, "end_call", ORDER, CHECKOUT)), CHECKOUT)).toEqual(["place_order", "end_call"]);
    expect(toolsIn(after(addedTo(agent, ORDER, "end_call")), ORDER)).toEqual(["price_order", "end_call"]);
  });
  it("moves into the preload and back to the first stage with one click each", () => {
    const to = oneClickPlace(agent, CHECKOUT, "place_order");
    expect(to).toBe("preload");
    const preloaded = after(movedTool(agent, "place_order", CHECKOUT, "preload"));
    expect(preloaded.preload_tools).toEqual(["place_order"]);
    expect(oneClickPlace(preloaded, "preload", "place_order")).toBe(ORDER);
    const back = after(movedTool(preloaded, "place_order", "preload", ORDER), preloaded);
    expect(toolsIn(back, ORDER)).toEqual(["price_order", "end_call", "place_order"]);
    expect(back.preload_tools).toEqual([]);
  });
  it("offers the preload to code only", () => {
    expect(oneClickPlace(agent, ORDER, "end_call")).toBeNull();
    expect(kindOfTool(agent, "end_call")).toBe("builtin");
    expect(kindOfTool(agent, "create_lead")).toBe("webhook");
    expect(kindOfTool(agent, "price_order")).toBe("code");
    expect(kindOfTool(agent, "gone")).toBe("unknown");
  });
  it("says which transitions are lost", () => {
    expect(lostTransitions(agent, ORDER, "price_order", "preload")).toEqual(["checkout"]);
    expect(lostTransitions(agent, ORDER, "price_order", CHECKOUT)).toEqual([]);
    expect(transitionsOf(after(removedFrom(agent, ORDER, "price_order")), "order")).toEqual([]);
  });
  it("keeps the definition of an inline tool that leaves the list", () => {
    const simple = withPatch(agent, {
      stages: [],
      tool_definitions: [],
      tools: ["end_call", { name: "own", code: "return {}", description: "" }],
    });
    const moved = after(movedTool(simple, "own", "simple", "preload"), simple);
    expect(moved.tools).toEqual(["end_call"]);
    expect(moved.tool_definitions?.[0]).toMatchObject({ name: "own", code: "return {}" });
    const back = after(movedTool(moved, "own", "preload", "simple"), moved);
    expect(toolsIn(back, "simple")).toEqual(["end_call", "own"]);
  });
});

describe("graph", () => {
  it("stands in columns from the first stage on", () => {
    const three = after(addedStage(agent).patch);
    const graph = graphOf(three);
    expect(graph.nodes.map(({ id, x, isFirst, isReachable }) => ({ id, x, isFirst, isReachable }))).toEqual([
      { id: "order", x: 0, isFirst: true, isReachable: true },
      { id: "checkout", x: 340, isFirst: false, isReachable: true },
      { id: "stage 3", x: 0, isFirst: false, isReachable: false },
    ]);
    expect(graph.nodes[2]?.y).toBeGreaterThan(0);
    expect(graph.edges).toMatchObject([{ from: "order", to: "checkout", tools: ["price_order"], isDead: false }]);
  });
  it("goes down where there is no room, and gets no wider for what nothing leads to", () => {
    const four = after(addedStage(after(addedStage(agent).patch)).patch);
    expect(graphOf(four, "down").nodes.map(({ id, x, y }) => ({ id, x, y }))).toEqual([
      { id: "order", x: 0, y: 0 },
      { id: "checkout", x: 0, y: 150 },
      { id: "stage 3", x: 0, y: 300 },
      { id: "stage 4", x: 0, y: 450 },
    ]);
    const branching = withPatch(agent, {
      stages: [
        {
          name: "order",
          tools: ["price_order", "end_call"],
          transitions: [
            { on_tool: "price_order", to_stage: "checkout" },
            { on_tool: "end_call", to_stage: "goodbye" },
          ],
        },
        { name: "checkout" },
        { name: "goodbye" },
      ],
    });
    const [, checkout, goodbye] = graphOf(branching, "down").nodes;
    expect(checkout?.y).toBe(goodbye?.y);
    expect(goodbye?.x).toBeGreaterThan(220);
  });
  it("survives circles, dead transitions and stages that are gone", () => {
    const circle = withPatch(agent, {
      stages: stagesOf(agent).map((stage) => ({
        ...stage,
        transitions: [
          { on_tool: "end_call", to_stage: "order" },
          { on_tool: "foreign", to_stage: "checkout" },
          { on_tool: "end_call", to_stage: "gone" },
        ],
      })),
    });
    const graph = graphOf(circle);
    expect(graph.edges.filter((edge) => edge.isDead)).toHaveLength(2);
    expect(graph.nodes.find((node) => node.id === "checkout")?.isReachable).toBe(false);
  });
});
