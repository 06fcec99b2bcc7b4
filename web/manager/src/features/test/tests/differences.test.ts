/** Proves D6: what a run found is told so that another way stands apart from other words. */
import { expect, it } from "vitest";
import { aboutTest, type Difference, resultInWords, split } from "./differences";

const difference = (kind: Difference["kind"]): Difference => ({ kind, at_ms: 0, what: "x", recorded: "a", draft: "b", after: "" });

it("tells ways from words", () => {
  const { ways, others } = split([
    difference("stage"),
    difference("prompt"),
    difference("outcome"),
    difference("timing"),
    difference("tool"),
  ]);
  expect([ways.map((one) => one.kind), others.map((one) => one.kind)]).toEqual([
    ["stage", "outcome", "tool"],
    ["prompt", "timing"],
  ]);
});

it.each([
  [{ passed: true, decisions: 1, differences: [], error: null }, "Same way · 1 decision compared"],
  [
    { passed: true, decisions: 9, differences: [difference("words")], error: null },
    "Same way · 9 decisions compared, 1 told or paced otherwise",
  ],
  [{ passed: false, decisions: 9, differences: [difference("stage"), difference("words")], error: null }, "Goes another way in 1 place"],
  [{ passed: false, decisions: 0, differences: [], error: "the recording is damaged" }, "Could not run: the recording is damaged"],
])("says it in a line", (result, words) => {
  expect(resultInWords(result)).toBe(words);
});

it("says what a test is about", () => {
  expect(aboutTest({ user_turns: 1, stages: [], tools: [] })).toBe("1 turn");
  expect(aboutTest({ user_turns: 3, stages: ["order", "pay"], tools: ["a", "b", "a", "c", "d"] })).toBe(
    "3 turns · order → pay · a, b, c and 1 more",
  );
});
