/** Proves UI1 UI4: the command palette finds what is meant, best first. */
import { expect, test } from "vitest";
import { rank, score } from "./search";

const labels = (query: string, ...entries: (string | { label: string; keywords?: string; isDeep?: boolean })[]) =>
  rank(
    query,
    entries.map((entry) => (typeof entry === "string" ? { label: entry } : entry)),
  ).map((entry) => entry.label);

test("without a query everything stands in its own order, but for what is deep", () => {
  expect(labels("", "B", { label: "Deep", isDeep: true }, "A")).toEqual(["B", "A"]);
  expect(labels("deep", { label: "Deep", isDeep: true })).toEqual(["Deep"]);
});

test("the start of a word comes before its middle, a short name before a long one", () => {
  expect(labels("test", "Contest", "Pizzeria · Test", "Test")).toEqual(["Test", "Pizzeria · Test", "Contest"]);
});

test("letters in order are enough when they begin words", () => {
  expect(labels("na", "New assistant", "Banana")).toEqual(["Banana", "New assistant"]);
  expect(labels("ntest", "Numbers · Test", "Sign out")).toEqual(["Numbers · Test"]);
  expect(labels("apk", "API keys", "Blocked")).toEqual(["API keys"]);
});

test("words may come in any order, and ids find what they name", () => {
  expect(labels("test pizz", { label: "Pizzeria · Test", keywords: "bella" })).toEqual(["Pizzeria · Test"]);
  expect(labels("bella", { label: "Pizzeria", keywords: "bella" }, "Calls")).toEqual(["Pizzeria"]);
});

test("a name counts more than a keyword", () => {
  expect(labels("calls", { label: "History", keywords: "calls" }, { label: "Calls" })).toEqual(["Calls", "History"]);
});

test("what lacks a letter is not found; strewn letters are chance", () => {
  expect(score("xyz", "Calls")).toBeNull();
  expect(score("aeo", "a very long sentence about nothing")).toBeNull();
});

test("the list ends at its limit", () => {
  const many = Array.from({ length: 80 }, (_, at) => ({ label: `Call ${at}` }));
  expect(rank("call", many)).toHaveLength(50);
});
