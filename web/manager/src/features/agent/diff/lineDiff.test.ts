/** Proves D2: two texts of two deployments are compared line by line. */
import { expect, it } from "vitest";
import { counterparts, lineDiff, nearChanges, wordParts } from "./lineDiff";

const signs = (before: string, after: string) =>
  lineDiff(before, after).map((line) => `${{ same: " ", added: "+", removed: "-" }[line.kind]}${line.text}`);

it("finds the shortest change", () => {
  expect(signs("a\nb\nc\nd", "a\nc\nx\nd")).toEqual([" a", "-b", " c", "+x", " d"]);
});
it("knows nothing, everything new and everything gone", () => {
  expect(signs("a", "a")).toEqual([" a"]);
  expect(signs("", "a\nb")).toEqual(["+a", "+b"]);
  expect(signs("a\nb\n", "")).toEqual(["-a", "-b"]);
});
it("numbers the lines of both texts", () => {
  expect(lineDiff("a\nb", "x\na\nb")).toEqual([
    { kind: "added", text: "x", after: 1 },
    { kind: "same", text: "a", before: 1, after: 2 },
    { kind: "same", text: "b", before: 2, after: 3 },
  ]);
});
it("leaves out what is far from changes", () => {
  const long = Array.from({ length: 20 }, (_, line) => `line ${line}`).join("\n");
  const shown = nearChanges(lineDiff(long, `${long}\nnew`), 2);
  expect(shown[0]).toEqual({ kind: "gap", lines: 18 });
  expect(shown).toHaveLength(4);
});
it("stays quick with texts that have nothing in common", () => {
  const text = (word: string) => Array.from({ length: 5000 }, (_, line) => `${word} ${line}`).join("\n");
  expect(lineDiff(text("a"), text("b"))).toHaveLength(10_000);
});
it("marks the words that differ in a line that was replaced", () => {
  expect(wordParts("say goodbye now.", "say hello now.")).toEqual({
    before: [
      { text: "say ", isChanged: false },
      { text: "goodbye", isChanged: true },
      { text: " now.", isChanged: false },
    ],
    after: [
      { text: "say ", isChanged: false },
      { text: "hello", isChanged: true },
      { text: " now.", isChanged: false },
    ],
  });
});
it("sets replaced lines against each other, block by block", () => {
  const lines = lineDiff("a\nb\nc\nd", "A\nb\nC\nD\nE");
  const pairs = counterparts(lines);
  expect([...pairs].map(([line, other]) => line.text + other.text)).toEqual(["aA", "Aa"]);
});
