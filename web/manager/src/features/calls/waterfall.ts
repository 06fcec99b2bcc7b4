/** The parts of one answer as bars on the axis that begins where the caller stopped speaking (rule K5). Pure. */
import { duration } from "../../ui/format";
import type { Waterfall } from "./timeline";

export type BarKind = "endpointing" | "stt" | "llm" | "tool" | "tts" | "transport";

export interface Bar {
  kind: BarKind;
  label: string;
  from: number;
  to: number;
  detail: string;
  isDropped?: boolean;
}

export const KIND_LABEL: Record<BarKind, string> = {
  endpointing: "End of turn",
  stt: "Speech to text",
  llm: "Language model",
  tool: "Tool",
  tts: "Voice",
  transport: "On the way",
};

/** What people are used to from each other on the phone; beyond it a pause is noticed, and beyond the second one it disturbs. */
export const QUICK_MS = 1000;
export const SLOW_MS = 2000;

function who(part: { provider?: string; model?: string }): string {
  return [part.provider, part.model].filter(Boolean).join(" ");
}

/** Bars in the order in which they began; moments are relative to the end of the caller's speech. */
export function barsOf(waterfall: Waterfall): Bar[] {
  const start = startOf(waterfall);
  const bars: Bar[] = [];
  const add = (
    kind: BarKind,
    label: string,
    from: number | null | undefined,
    to: number | null | undefined,
    detail = "",
    isDropped = false,
  ) => {
    if (from === null || from === undefined || to === null || to === undefined || to < from) return;
    bars.push({ kind, label, from: from - start, to: to - start, detail, ...(isDropped ? { isDropped } : {}) });
  };
  add("endpointing", KIND_LABEL.endpointing, waterfall.speech_end_ms, waterfall.decided_ms, waterfall.reason ?? "");
  if (waterfall.stt)
    add("stt", KIND_LABEL.stt, waterfall.stt.finalize_ms ?? waterfall.speech_end_ms, waterfall.stt.final_ms, who(waterfall.stt));
  for (const llm of waterfall.llm ?? []) {
    const marks = [
      llm.is_eager ? "asked early" : "",
      llm.is_hedged ? "second provider won" : "",
      llm.is_fallback ? "fallback" : "",
      llm.input_tokens ? `${llm.input_tokens} tokens in` : "",
      llm.output_tokens ? `${llm.output_tokens} out` : "",
    ];
    const end = llm.first_sentence_ms ?? llm.first_token_ms ?? llm.done_ms;
    add(
      "llm",
      llm.was_dropped ? "Language model, dropped" : KIND_LABEL.llm,
      llm.request_ms,
      end,
      [who(llm), ...marks].filter(Boolean).join(" · "),
      llm.was_dropped,
    );
  }
  for (const tool of waterfall.tools ?? []) add("tool", tool.tool, tool.start_ms, tool.end_ms, tool.status);
  if (waterfall.tts) {
    const detail = [who(waterfall.tts), waterfall.tts.is_cached ? "from the cache" : "", waterfall.tts.is_fallback ? "fallback" : ""];
    add("tts", KIND_LABEL.tts, waterfall.tts.request_ms, waterfall.tts.first_byte_ms, detail.filter(Boolean).join(" · "));
  }
  if (waterfall.heard_ms !== waterfall.first_packet_ms)
    add("transport", KIND_LABEL.transport, waterfall.first_packet_ms, waterfall.heard_ms);
  return bars.sort((one, other) => one.from - other.from);
}

function startOf(waterfall: Waterfall): number {
  return waterfall.speech_end_ms ?? waterfall.llm?.[0]?.request_ms ?? waterfall.tts?.request_ms ?? 0;
}

/** An answer in a text conversation: nobody listened and nobody spoke. */
export function isWritten(waterfall: Waterfall): boolean {
  return !waterfall.stt && !waterfall.tts && (waterfall.decided_ms ?? null) === null;
}

/** How long somebody waited: from the end of their turn, or (before the caller has spoken) from the first thing that was done. Null: unknown. */
export function waitMs(waterfall: Waterfall): number | null {
  const heard = waterfall.heard_ms ?? waterfall.first_packet_ms ?? null;
  return heard === null ? null : Math.max(0, heard - startOf(waterfall));
}

export function paceOf(ms: number): "quick" | "noticed" | "slow" {
  if (ms <= QUICK_MS) return "quick";
  return ms <= SLOW_MS ? "noticed" : "slow";
}

/** From the end of the caller's speech to the first sound of the answer; null when one of them is missing. */
export function responseMs(waterfall: Waterfall | null | undefined): number | null {
  const heard = waterfall?.heard_ms ?? waterfall?.first_packet_ms;
  if (!waterfall || heard === null || heard === undefined || waterfall.speech_end_ms === null || waterfall.speech_end_ms === undefined)
    return null;
  return Math.max(0, heard - waterfall.speech_end_ms);
}

/** For screen readers: the whole answer in a sentence. */
export function sentenceOf(waterfall: Waterfall): string {
  const total = responseMs(waterfall);
  const parts = barsOf(waterfall).map((bar) => `${bar.label} ${duration(bar.to - bar.from)}`);
  return `${total === null ? "" : `Answered after ${duration(total)}: `}${parts.join(", ")}`;
}
