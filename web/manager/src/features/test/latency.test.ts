/** Proves K5 D4: parts of an answer's latency add up in their order, with what was really waited for. */
import { expect, it } from "vitest";
import { paceOf, partsOf, totalOf } from "./latency";

it("names the parts that took time, in order", () => {
  const latency = {
    response_ms: 900,
    tts_first_byte_ms: 200,
    endpointing_ms: 300,
    llm_first_token_ms: 100,
    llm_first_sentence_ms: 250,
    tools_ms: 0,
  };
  expect(partsOf(latency).map(({ key, ms }) => [key, ms])).toEqual([
    ["endpointing_ms", 300],
    ["llm_first_sentence_ms", 250],
    ["tts_first_byte_ms", 200],
  ]);
  expect(totalOf(latency)).toBe(900);
});

it("does with what there is", () => {
  expect(partsOf({ llm_first_token_ms: 70 })).toEqual([{ key: "llm_first_sentence_ms", label: "Language model", ms: 70 }]);
  expect(totalOf({ llm_first_token_ms: 70, tts_first_byte_ms: 30 })).toBe(100);
  expect(totalOf({})).toBe(0);
});

it.each([
  [400, "quick"],
  [1500, "noticed"],
  [2500, "slow"],
])("calls %i ms %s", (ms, pace) => {
  expect(paceOf(ms)).toBe(pace);
});
