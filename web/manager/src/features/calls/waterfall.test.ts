/** Proves K5 D4: how long somebody waited, spoken or written, and what is no part of it. */
import { expect, it } from "vitest";
import type { Waterfall } from "./timeline";
import { barsOf, isWritten, paceOf, waitMs } from "./waterfall";

const ASKED = {
  request_ms: 1200,
  first_token_ms: 1500,
  provider: "openai",
  model: "",
  input_tokens: 0,
  output_tokens: 0,
  is_eager: false,
  is_hedged: false,
  is_fallback: false,
  was_dropped: false,
} satisfies NonNullable<Waterfall["llm"]>[number];
const WRITTEN: Waterfall = { speech_end_ms: 1000, llm: [ASKED], first_packet_ms: 1500, heard_ms: 1500 };

it("tells written answers from spoken ones", () => {
  expect(isWritten(WRITTEN)).toBe(true);
  expect(isWritten({ ...WRITTEN, decided_ms: 1100 })).toBe(false);
  expect(isWritten({ ...WRITTEN, stt: { provider: "x", model: "", audio_s: 1 } })).toBe(false);
});

it("counts the wait from the end of the turn, before the first turn from the first thing done", () => {
  expect(waitMs(WRITTEN)).toBe(500);
  expect(waitMs({ ...WRITTEN, speech_end_ms: null })).toBe(300);
  expect(waitMs({ llm: [ASKED] })).toBeNull();
});

it("has no way to the caller where there was none", () => {
  expect(barsOf(WRITTEN).map(({ kind, from, to }) => [kind, from, to])).toEqual([["llm", 200, 500]]);
  expect(barsOf({ ...WRITTEN, heard_ms: 1540 }).at(-1)).toMatchObject({ kind: "transport", from: 500, to: 540 });
});

it.each([
  [400, "quick"],
  [1500, "noticed"],
  [2500, "slow"],
])("calls %i ms %s", (ms, pace) => {
  expect(paceOf(ms)).toBe(pace);
});
