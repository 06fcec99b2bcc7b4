/** Proves D6: steps that a person writes are what the API takes, in the order and with the values of the form. */
import { expect, it } from "vitest";
import { exampleAgent } from "../../agent/draft/exampleAgent";
import {
  endChoices,
  isReadable,
  jsonProblem,
  moved,
  newRow,
  type Row,
  rowsOf,
  type Step,
  stageAfter,
  stageChoices,
  stepsOf,
  toolChoices,
} from "./steps";

const STEPS: Step[] = [
  { kind: "says", text: "Two large ones." },
  { kind: "calls", tool: "price_order", arguments: { size: "large" }, result: { total: 26 }, status: "ok" },
  { kind: "stage", stage: "checkout" },
  { kind: "ends", reason: "agent_ended" },
];
const draft = exampleAgent();

it("reads and writes the same steps", () => {
  expect(stepsOf(rowsOf(STEPS))).toEqual(STEPS);
  const [call] = rowsOf([{ kind: "calls", tool: "x" }]);
  expect(call).toMatchObject({ argumentsText: "", resultText: "", status: "ok" });
});

it("says what is wrong with JSON, and that empty is nothing", () => {
  expect([jsonProblem(""), jsonProblem('{"a": 1}')]).toEqual(["", ""]);
  expect(jsonProblem("[1]")).toBe("This must be a JSON object: {…}.");
  const row = { ...rowsOf(STEPS)[1], resultText: "{" } as Row;
  expect([isReadable(row), rowsOf(STEPS).every(isReadable)]).toEqual([false, true]);
});

it("expects the stage that the steps lead to", () => {
  const rows = rowsOf(STEPS);
  expect([stageAfter(draft, rows.slice(0, 1)), stageAfter(draft, rows)]).toEqual(["order", "checkout"]);
  expect(stageAfter(draft, rowsOf([{ kind: "calls", tool: "price_order", status: "failed" }]))).toBe("order");
  expect(stageAfter(exampleAgent({ stages: [] }), rows)).toBe("main");
  expect(newRow("stage", draft, rows)).toEqual({ key: 4, kind: "stage", stage: "checkout" });
  expect(newRow("ends", draft, rowsOf([{ kind: "calls", tool: "transfer_to_human" }]))).toMatchObject({ reason: "transferred" });
});

it("moves within the list", () => {
  const kinds = (rows: Row[]) => rows.map((row) => row.kind);
  const rows = rowsOf(STEPS);
  expect(kinds(moved(rows, 0, 1))).toEqual(["calls", "says", "stage", "ends"]);
  expect(kinds(moved(rows, 3, -1))).toEqual(["says", "calls", "ends", "stage"]);
  expect([kinds(moved(rows, 0, -1)), kinds(moved(rows, 3, 1))]).toEqual([kinds(rows), kinds(rows)]);
});

it("offers what the draft has, and what is chosen already", () => {
  expect(toolChoices(draft, "")).toEqual(["price_order", "end_call", "place_order"]);
  expect(toolChoices(draft, "gone")).toContain("gone");
  expect([stageChoices(draft, "checkout"), stageChoices(exampleAgent({ stages: [] }), "")]).toEqual([["order", "checkout"], ["main"]]);
  expect(endChoices("idle_timeout").map(({ value }) => value)).toEqual(["agent_ended", "transferred", "idle_timeout"]);
});
