/** Proves K2 K5 UI4: the chart of calls over time, its table and its sentence say the same, and a part of it is a filter of the list. */
import { expect, test } from "vitest";
import { spansWith } from "./filter";
import {
  bucketAt,
  bucketName,
  type CallSeries,
  columnsOf,
  edgesOf,
  failedCalls,
  roundTicks,
  searchWithin,
  sentenceOf,
  spanName,
  tickName,
} from "./series";

const figures = { calls: 3, answered: 3, failed: {}, response_p50_ms: 640, response_p95_ms: 1200, cost: 0.3 };
const local = (day: number, hour = 0, minute = 0) => new Date(2026, 4, day, hour, minute).toISOString();
const DAYS: CallSeries = {
  bucket: "day",
  timezone: "UTC",
  from: local(3, 15),
  to: local(5, 11),
  total: { ...figures, calls: 6, failed: { provider: 1, caller: 1 } },
  points: [
    { ...figures, at: local(3), failed: { provider: 1, caller: 1 } },
    { ...figures, at: local(4), calls: 0, response_p50_ms: null, response_p95_ms: null, cost: null },
    { ...figures, at: local(5) },
  ],
};
const HOURS: CallSeries = {
  ...DAYS,
  bucket: "hour",
  from: local(3, 14, 20),
  to: local(3, 16, 10),
  points: [{ ...figures, at: local(3, 14) }],
};

test("each value stands in the middle of its day, and a day without answers is a gap", () => {
  const { x, calls, failed, p50 } = columnsOf(DAYS);
  expect(x.map((at) => new Date(at * 1000).getHours())).toEqual([12, 12, 12]);
  expect(calls).toEqual([3, 0, 3]);
  expect(failed).toEqual([2, 0, 0]);
  expect(p50).toEqual([640, null, 640]);
  expect(edgesOf(DAYS)).toHaveLength(4);
  expect(edgesOf({ bucket: "day", points: [] })).toEqual([]);
});

test("a place on the chart belongs to one bucket, also beyond its ends", () => {
  const edges = [0, 10, 20, 30];
  expect([-5, 0, 9.9, 10, 29, 30, 99].map((at) => bucketAt(edges, at))).toEqual([0, 0, 0, 1, 2, 2, 2]);
});

test("a dragged span filters the list from its first to its last bucket, and keeps the rest of the filter", () => {
  expect(searchWithin({ agent_id: "pizzeria", from: "7d" }, DAYS, 1, 1)).toEqual({ agent_id: "pizzeria", from: local(4), to: local(5) });
  // The outer buckets hold only what lies within the span.
  expect(searchWithin({}, DAYS, 0, 2)).toEqual({ from: local(3, 15), to: local(5, 11) });
});

test("the filter names a span that was dragged", () => {
  const now = new Date(2026, 4, 10);
  expect(spansWith({ from: "7d" }, now)).toHaveLength(6);
  expect(spansWith({ from: local(3), to: local(6) }, now).at(-1)).toEqual({ value: local(3), label: "May 3 – May 5" });
  expect(spansWith({ from: local(3, 14), to: local(3, 15) }, now).at(-1)?.label).toBe("May 3, 14:00 – May 3, 15:00");
  expect(spanName(new Date(2025, 0, 1).toISOString(), new Date(2025, 0, 2).toISOString(), now)).toBe("Jan 1, 2025");
});

test("hours and days have names", () => {
  expect(bucketName(DAYS, 1)).toBe("Mon, May 4");
  expect(bucketName(HOURS, 0)).toBe("May 3, 14:00–15:00");
  expect(bucketName(DAYS, 9)).toBe("");
  expect(tickName(Date.parse(local(3, 14)) / 1000, "hour")).toBe("14:00");
  expect(tickName(Date.parse(local(3)) / 1000, "hour")).toBe("May 3");
});

test("one sentence says what the picture shows", () => {
  expect(failedCalls(DAYS.total)).toBe(2);
  expect(sentenceOf(DAYS)).toMatch(/: 6 calls, 2 failed, response time p50 640 ms, p95 1.2 s\.$/);
  expect(sentenceOf({ ...DAYS, total: { ...DAYS.total, response_p50_ms: null } })).toContain("no response times yet");
});

test.each([
  [1432, 3, false, [0, 500, 1000, 1500]],
  [0.3, 3, false, [0, 0.1, 0.2, 0.3]],
  [1, 4, true, [0, 1]],
  [3, 4, true, [0, 1, 2, 3]],
  [432, 2, true, [0, 250, 500]],
])("round ticks up to %d", (most, wanted, isWhole, ticks) => {
  const made = roundTicks(most, wanted, isWhole);
  expect(made).toHaveLength(ticks.length);
  for (const [at, tick] of ticks.entries()) expect(made[at]).toBeCloseTo(tick);
});
