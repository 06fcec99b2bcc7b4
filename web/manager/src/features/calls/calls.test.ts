/** Proves K3 K5: transcript, tools and waterfalls on one axis. */
import { expect, test } from "vitest";
import { type CallDetail, lengthOf, lineAt, momentOf, stageMarks, ticks, toolSpans, type Waterfall } from "./timeline";
import { barsOf, responseMs, sentenceOf } from "./waterfall";
import { money, outcome, usageRows } from "./words";

const WATERFALL: Waterfall = {
  speech_end_ms: 5000,
  decided_ms: 5300,
  reason: "finished question",
  stt: { finalize_ms: 5100, final_ms: 5200, provider: "deepgram", model: "nova-3", audio_s: 2 },
  llm: [
    {
      request_ms: 4900,
      done_ms: 5050,
      provider: "openai",
      model: "m",
      input_tokens: 0,
      output_tokens: 0,
      is_eager: true,
      is_hedged: false,
      is_fallback: false,
      was_dropped: true,
    },
    {
      request_ms: 5300,
      first_token_ms: 5420,
      first_sentence_ms: 5460,
      done_ms: 5900,
      provider: "openai",
      model: "m",
      input_tokens: 800,
      output_tokens: 20,
      is_eager: false,
      is_hedged: false,
      is_fallback: true,
      was_dropped: false,
    },
  ],
  tools: [{ tool: "order", run_key: "c:1", start_ms: 5500, end_ms: 5600, status: "ok" }],
  tts: {
    request_ms: 5460,
    first_byte_ms: 5540,
    provider: "elevenlabs",
    model: "",
    characters: 40,
    audio_s: 2,
    is_cached: false,
    is_fallback: false,
  },
  first_packet_ms: 5545,
  heard_ms: 5600,
};

const CALL = {
  started_at: "2026-05-10T10:00:00Z",
  answered_at: "2026-05-10T10:00:02Z",
  duration_ms: 9000,
  recording: null,
  transcript: [
    {
      turn: 1,
      role: "assistant",
      text: "Hello",
      stage: "main",
      started_at_ms: 100,
      ended_at_ms: 1500,
      interrupted: false,
      latency: null,
      waterfall: null,
      providers: {},
    },
    {
      turn: 1,
      role: "user",
      text: "One pizza",
      stage: "main",
      started_at_ms: 3000,
      ended_at_ms: 5000,
      interrupted: false,
      latency: null,
      waterfall: WATERFALL,
      providers: {},
    },
  ],
  stages: [{ stage: "main", previous: null, by_tool: null, at: "2026-05-10T10:00:02Z" }],
  tool_runs: [
    {
      run_key: "c:1",
      tool: "order",
      stage: "main",
      status: "ok",
      error_code: "",
      arguments: {},
      result: {},
      logs: [],
      host_calls: [],
      duration_ms: 90,
      is_preload: false,
      at: "2026-05-10T10:00:08Z",
    },
    {
      run_key: "p:1",
      tool: "menu",
      stage: "main",
      status: "ok",
      error_code: "",
      arguments: {},
      result: {},
      logs: [],
      host_calls: [],
      duration_ms: 500,
      is_preload: true,
      at: "2026-05-10T10:00:02.4Z",
    },
  ],
} as unknown as CallDetail;

test("moments count from the answer", () => {
  expect(momentOf(CALL, "2026-05-10T10:00:05Z")).toBe(3000);
  expect(momentOf(CALL, "2026-05-10T10:00:00Z")).toBe(0);
  expect(stageMarks(CALL)).toEqual([{ at: 0, stage: "main", byTool: null }]);
  expect(lengthOf(CALL)).toBe(9000);
});

test("a tool stands where the waterfall says, else where it was told", () => {
  const [order, menu] = toolSpans(CALL);
  expect(order).toMatchObject({ from: 5500, to: 5600 });
  expect(menu).toMatchObject({ from: 0, to: 400 });
});

test("the line at a moment is the last that began", () => {
  expect(lineAt(CALL.transcript, 50)).toBe(-1);
  expect(lineAt(CALL.transcript, 2000)).toBe(0);
  expect(lineAt(CALL.transcript, 9000)).toBe(1);
});

test("an axis has round moments, and never too many", () => {
  expect(ticks(9000)).toEqual([0, 2000, 4000, 6000, 8000]);
  expect(ticks(3_600_000).length).toBeLessThanOrEqual(9);
});

test("bars begin where the caller stopped, early requests before it", () => {
  const bars = barsOf(WATERFALL);
  expect(bars[0]).toMatchObject({ kind: "llm", from: -100, isDropped: true });
  expect(bars.find((bar) => bar.kind === "endpointing")).toMatchObject({ from: 0, to: 300, detail: "finished question" });
  expect(bars.find((bar) => bar.label === "order")).toMatchObject({ from: 500, to: 600 });
  expect(bars.find((bar) => bar.kind === "llm" && !bar.isDropped)?.detail).toMatch(/fallback/);
  expect(responseMs(WATERFALL)).toBe(600);
  expect(sentenceOf(WATERFALL)).toMatch(/^Answered after 600 ms: /);
});

test("a waterfall without the end of speech has bars and no response time", () => {
  const greeting: Waterfall = {
    tts: { request_ms: 10, first_byte_ms: 60, provider: "", model: "", characters: 1, audio_s: 1, is_cached: true, is_fallback: false },
  };
  expect(responseMs(greeting)).toBeNull();
  expect(barsOf(greeting)).toHaveLength(1);
});

test("money and outcomes in words", () => {
  expect(money(null)).toBe("–");
  expect(money(0.00123)).toBe("$0.0012");
  expect(money(1.5)).toBe("$1.50");
  expect(outcome({ status: "active", ended_reason: null })).toBe("Running");
  expect(outcome({ status: "ended", ended_reason: "provider_failed" })).toBe("AI provider failed");
});

test("usage has words and units, once", () => {
  expect(usageRows({ stt_seconds: 28, "stt_seconds:moonshine:": 28, llm_input_tokens: 1077, llm_output_tokens: 0 })).toEqual([
    { label: "Speech heard", figure: "28.0 s" },
    { label: "Tokens in", figure: "1,077" },
  ]);
});
