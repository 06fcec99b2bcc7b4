/** Proves S1 S2 P6: a tool that is renamed or deleted stays in step with stages, transitions and the preload. */
import { describe, expect, it } from "vitest";
import { addedTool, changedTool, kindOf, nameProblem, offeredIn, promptsNaming, removedTool, renamedTool, usesOf } from "./draftTools";

const DRAFT = {
  tools: ["end_call", { name: "inline", description: "", code: "return {}" }],
  tool_definitions: [
    { name: "find", description: "Finds", code: "return {}" },
    { name: "create_lead", description: "Own", kind: "webhook" as const },
  ],
  preload_tools: ["find"],
  first_stage: null,
  stages: [
    {
      name: "start",
      prompt: "Call find, never find_all.",
      tools: ["find", "create_lead"],
      transitions: [{ on_tool: "find", to_stage: "end", handover_message: "Found {name}." }],
    },
    { name: "end", prompt: "Use find_all.", tools: ["create_lead"], transitions: [] },
  ],
};

describe("renaming", () => {
  it("follows into stages, transitions and preload", () => {
    const patch = renamedTool(DRAFT, "find", "find_order");
    expect(patch.tool_definitions?.map((tool) => tool.name)).toEqual(["find_order", "create_lead"]);
    expect(patch.preload_tools).toEqual(["find_order"]);
    expect(patch.stages?.[0]?.tools).toEqual(["find_order", "create_lead"]);
    expect(patch.stages?.[0]?.transitions).toEqual([{ on_tool: "find_order", to_stage: "end", handover_message: "Found {name}." }]);
    expect(patch.tools).toBeUndefined();
  });

  it("finds a tool that is defined in place", () => {
    expect(renamedTool(DRAFT, "inline", "other")).toEqual({ tools: ["end_call", { name: "other", description: "", code: "return {}" }] });
  });

  it("leaves nothing behind that names the old one", () => {
    const after = { ...DRAFT, ...renamedTool(DRAFT, "find", "find_order") } as typeof DRAFT;
    expect(usesOf(after, "find")).toEqual({ stages: [], isPreload: false, isSimple: false });
    expect(usesOf(after, "find_order").stages.map((use) => use.transition?.to)).toEqual(["end"]);
  });

  it("says which prompts name it by word", () => {
    expect(promptsNaming(DRAFT, "find")).toEqual(["start"]);
  });
});

describe("deleting", () => {
  it("takes stages, transitions and preload along", () => {
    const after = { ...DRAFT, ...removedTool(DRAFT, "find") } as typeof DRAFT;
    expect(usesOf(after, "find")).toEqual({ stages: [], isPreload: false, isSimple: false });
    expect(after.stages[0]?.transitions).toEqual([]);
    expect(after.tool_definitions.map((tool) => tool.name)).toEqual(["create_lead"]);
  });

  it("keeps the uses where a tool of the platform takes its place", () => {
    const patch = removedTool(DRAFT, "create_lead", true);
    expect(patch).toEqual({ tool_definitions: [DRAFT.tool_definitions[0]] });
  });
});

describe("adding and changing", () => {
  const tool = { name: "book", description: "", code: "" };

  it("offers a new tool in the stage asked for", () => {
    expect(addedTool(DRAFT, tool, "end").stages?.[1]?.tools).toEqual(["create_lead", "book"]);
  });

  it("offers it to an agent without stages", () => {
    expect(addedTool({ ...DRAFT, stages: [] }, tool, null).tools).toEqual([...DRAFT.tools, "book"]);
  });

  it("changes one tool only", () => {
    expect(changedTool(DRAFT, "find", { description: "New" }).tool_definitions).toEqual([
      { ...DRAFT.tool_definitions[0], description: "New" },
      DRAFT.tool_definitions[1],
    ]);
  });

  it("leaves a stage with its transition", () => {
    expect(offeredIn(DRAFT, "find", "start", false).stages?.[0]).toMatchObject({ tools: ["create_lead"], transitions: [] });
  });

  it("refuses names that cannot be", () => {
    expect(nameProblem(DRAFT, "find", "find")).toBe("");
    expect(nameProblem(DRAFT, "find")).toContain("already");
    expect(nameProblem(DRAFT, "2nd")).toContain("begins with a letter");
    expect(nameProblem(DRAFT, "new")).not.toBe("");
  });

  it("knows the kind of a tool that does not say it", () => {
    expect([kindOf({ name: "a", description: "", code: "" }), kindOf({ name: "a", description: "" })]).toEqual(["code", "webhook"]);
  });
});
