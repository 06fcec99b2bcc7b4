/** Proves UI1: the conversations of an agent stand in one list, newest first, and loading more never puts one in between. */
import { expect, it } from "vitest";
import { mergedTimeline } from "./timeline";

const at = (minute: number) => ({ at: `2026-01-01T10:${String(minute).padStart(2, "0")}:00Z` });
const minutes = (items: { at: string }[]) => items.map((item) => Number(item.at.slice(14, 16)));
const timeOf = (item: { at: string }) => item.at;

it("stands newest first", () => {
  const merged = mergedTimeline({ items: [at(9), at(3)], hasMore: false }, { items: [at(7), at(1)], hasMore: false }, timeOf);
  expect(minutes(merged)).toEqual([9, 7, 3, 1]);
});
it("waits for a list that has more between", () => {
  const merged = mergedTimeline({ items: [at(9), at(6)], hasMore: true }, { items: [at(7), at(1)], hasMore: false }, timeOf);
  expect(minutes(merged)).toEqual([9, 7, 6]);
});
it("shows nothing while one of them is not there at all", () => {
  expect(mergedTimeline({ items: [], hasMore: true }, { items: [at(7)], hasMore: false }, timeOf)).toEqual([]);
});
