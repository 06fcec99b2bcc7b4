/** Proves UI3 A1: the first-run path ticks itself from what exists; ids of new agents are readable and free; a duplicate takes the draft only. */
import { describe, expect, test } from "vitest";
import { exampleAgent } from "../agent/draft/exampleAgent";
import { agentAtHand, byLastEdit, type Facts, nextStep, stepsOf } from "./checklist";
import { copyOf } from "./copyOf";
import { matching } from "./found";
import { freeSlug, slugOf, slugProblem } from "./slug";

describe("the first-run path", () => {
  const nothing: Facts = { agents: [], stats: [], numbers: [], tokens: [] };
  const blank = exampleAgent({ tools: ["end_call"], tool_definitions: [] });
  const stats = (changes: object) => [{ agent_id: "a", last_test_at: null, last_call_at: null, ...changes }] as Facts["stats"];
  const done = (facts: Partial<Facts>) =>
    stepsOf({ ...nothing, ...facts })
      .filter((step) => step.isDone)
      .map((step) => step.id);

  test("begins with making an assistant", () => {
    expect(done({})).toEqual(["sign-in"]);
    expect(nextStep(stepsOf(nothing))?.id).toBe("agent");
  });

  test.each<[string, Partial<Facts>, string[]]>([
    ["a blank agent has no tool", { agents: [blank] }, ["agent"]],
    ["a defined tool counts", { agents: [exampleAgent()] }, ["agent", "tool"]],
    [
      "so does a webhook in the list",
      { agents: [{ ...blank, tools: ["end_call", { name: "look_up", kind: "webhook" }] }] as Facts["agents"] },
      ["agent", "tool"],
    ],
    ["a deployed agent", { agents: [{ ...blank, deployed: true }] }, ["agent", "deploy"]],
    ["a test conversation", { stats: stats({ last_test_at: "2026-01-01T00:00:00Z" }) }, ["test"]],
    ["a call", { stats: stats({ last_call_at: "2026-01-01T00:00:00Z" }) }, ["call"]],
    ["a number that leads to an agent", { numbers: [{ inboundRoute: "ai_agent", routeTarget: "a" }] as Facts["numbers"] }, ["reach"]],
    ["a number that leads to a queue does not", { numbers: [{ inboundRoute: "queue", routeTarget: "a" }] as Facts["numbers"] }, []],
    ["a token for a page", { tokens: [{ is_active: true }] as Facts["tokens"] }, ["reach"]],
    ["a token that was turned off does not", { tokens: [{ is_active: false }] as Facts["tokens"] }, []],
  ])("%s", (_, facts, expected) => {
    expect(done(facts)).toEqual(["sign-in", ...expected]);
  });

  test("its links lead to the agent edited last", () => {
    const old = exampleAgent({ agent_id: "old", updated_at: "2026-01-01T00:00:00Z" });
    const late = exampleAgent({ agent_id: "late", updated_at: "2026-02-01T00:00:00Z" });
    expect(agentAtHand([old, late])?.agent_id).toBe("late");
    expect(byLastEdit([old, late]).map((agent) => agent.agent_id)).toEqual(["late", "old"]);
  });
});

describe("ids made from names", () => {
  test.each([
    ["Pizzeria Bella", "pizzeria-bella"],
    ["Pizzería Roma (Nord)", "pizzeria-roma-nord"],
    ["Müller & Söhne Straße", "muller-sohne-strasse"],
    ["Łódź Øst", "lodz-ost"],
    ["Joe's Diner", "joes-diner"],
    ["  --  ", ""],
    ["東京", ""],
    ["x".repeat(100), "x".repeat(63)],
  ])("%s → %s", (name, slug) => {
    expect(slugOf(name)).toBe(slug);
  });

  test("a taken id gets a number, a name without Latin letters a plain one", () => {
    expect(freeSlug("Bella", new Set(["bella", "bella-2"]))).toBe("bella-3");
    expect(freeSlug("東京", new Set())).toBe("agent");
    expect(freeSlug("x".repeat(80), new Set(["x".repeat(63)])).length).toBeLessThanOrEqual(63);
  });

  test("a typed id is checked as the API does", () => {
    const taken = new Set(["bella"]);
    expect(slugProblem("bella-2", taken)).toBeNull();
    expect(slugProblem("my_agent", taken)).toBeNull();
    for (const wrong of ["", "Bella", "-x", "a b", "bella", "x".repeat(64)]) expect(slugProblem(wrong, taken)).not.toBeNull();
  });
});

test("a duplicate has everything of the draft and nothing of its life", () => {
  const copy = copyOf(exampleAgent({ greeting: "Hello", deployment: 3, deployed: true }), new Set(["pizzeria", "bella-copy"]), freeSlug);
  expect(copy).toMatchObject({ agent_id: "bella-copy-2", display_name: "Bella (copy)", greeting: "Hello" });
  expect(copy.stages).toHaveLength(2);
  for (const name of ["version", "deployed", "deployment", "deployed_at", "created_at", "updated_at", "has_undeployed_changes"])
    expect(copy).not.toHaveProperty(name);
});

test.each<[string, string[]]>([
  ["", ["bella", "roma"]],
  ["PIZZ bella", ["bella"]],
  ["trattoria", ["roma"]],
  ["+1 415 555-0100", ["roma"]],
  ["roma bella", []],
  ["-", []],
])("agents that are all here are searched as the API does: %j", (query, found) => {
  const agents = [
    exampleAgent({ agent_id: "bella", display_name: "Pizzeria Bella", company: "Pizzeria Bella" }),
    exampleAgent({ agent_id: "roma", display_name: "Roma", company: "Trattoria Group" }),
  ];
  const numbersOf = ({ agent_id }: { agent_id: string }) => (agent_id === "roma" ? ["+14155550100"] : []);
  expect(matching(query, agents, numbersOf).map((agent) => agent.agent_id)).toEqual(found);
});
