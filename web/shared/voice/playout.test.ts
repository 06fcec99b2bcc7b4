// Proves WS3: chunks play without gaps, jitter is taken up, an interruption begins anew.
import { expect, it } from "vitest";
import { PlayoutSchedule } from "./playout";

it("plays chunks back to back after a short lead", () => {
  const schedule = new PlayoutSchedule();
  expect(schedule.next(10, 0.1)).toBeCloseTo(10.06);
  expect(schedule.next(10.01, 0.1)).toBeCloseTo(10.16);
  expect(schedule.left(10.01)).toBeCloseTo(0.25);
});

it("waits longer after a gap in the middle of speech, at most 300 ms", () => {
  const schedule = new PlayoutSchedule();
  let nowS = 0;
  let leadS = 0;
  for (let gap = 0; gap < 10; gap++) {
    leadS = schedule.next(nowS, 0.02) - nowS;
    nowS += 0.5;
  }
  expect(leadS).toBeCloseTo(0.3);
  schedule.finished();
  expect(schedule.next(nowS + 5, 0.02) - nowS - 5).toBeCloseTo(0.06);
});

it("forgets what was queued", () => {
  const schedule = new PlayoutSchedule();
  schedule.next(0, 30);
  schedule.clear();
  expect(schedule.left(1)).toBe(0);
  expect(schedule.next(1, 0.1)).toBeCloseTo(1.06);
});
