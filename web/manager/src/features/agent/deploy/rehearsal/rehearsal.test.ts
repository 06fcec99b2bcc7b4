/** Proves D6: what a rehearsal tells is counted and said in words. */
import { describe, expect, it } from "vitest";
import { advanced, leftOutInWords, NOT_BEGUN, partsAt, type Rehearsal, verdictInWords, whyNoneInWords } from "./rehearsal";

const of = (same_way: number, otherwise: number): Rehearsal => ({
  version: 3,
  same_way,
  otherwise,
  not_rehearsed: 0,
  not_used: 0,
  calls: [],
});

describe("progress", () => {
  it("counts the calls as they are done", () => {
    const told: [string, object][] = [
      ["begun", { calls: 2 }],
      ["call", {}],
      ["something new", {}],
      ["call", {}],
    ];
    const now = told.reduce((before, [event, data]) => advanced(before, event, JSON.stringify(data)), NOT_BEGUN);
    expect(now).toEqual({ calls: 2, done: 2, result: null, problem: "" });
    expect(advanced(now, "done", JSON.stringify({ result: of(2, 0) })).result?.same_way).toBe(2);
    expect(advanced(now, "error", JSON.stringify({ text: "agent-runtime is away" })).problem).toBe("agent-runtime is away");
  });
});

describe("in words", () => {
  it.each([
    [9, 1, "9 of 10 go the same way"],
    [10, 0, "All 10 calls go the same way"],
    [0, 3, "None of 3 goes the same way"],
    [1, 0, "The one call goes the same way"],
    [0, 1, "The one call goes another way"],
    [0, 0, "No call could be rehearsed"],
  ])("%i the same way and %i otherwise", (same, otherwise, words) => {
    expect(verdictInWords(of(same, otherwise))).toBe(words);
  });
  it("says what was left out", () => {
    expect(leftOutInWords({ not_used: 0 })).toBe("");
    expect(leftOutInWords({ not_used: 1 })).toMatch(/^One more recent call was not used/);
    expect(leftOutInWords({ not_used: 4 })).toMatch(/^4 more recent calls were not used/);
  });
  it("says why there was nothing", () => {
    expect(whyNoneInWords({ calls: [], not_used: 0 })).toBe("No recorded calls yet.");
    expect(whyNoneInWords({ calls: [], not_used: 1 })).toMatch(/^The only recent call may not be used/);
    expect(whyNoneInWords({ calls: [], not_used: 7 })).toMatch(/^None of the last 7 calls may be used/);
  });
  it("leads to the second at which a call parts", () => {
    const difference = { kind: "stage", at_ms: 4210, what: "", recorded: "", draft: "", after: "" } as const;
    expect(partsAt({ differences: [difference] })).toBe(4.2);
    expect(partsAt({ differences: [{ ...difference, at_ms: 0 }] })).toBeNull();
    expect(partsAt({ differences: [] })).toBeNull();
  });
});
