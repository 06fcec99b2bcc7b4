/** The parts of an answer's latency, in the order in which they pass. Pure. */

export interface Part {
  key: string;
  label: string;
  ms: number;
}

const PARTS: readonly [key: string, label: string][] = [
  ["endpointing_ms", "End of turn"],
  ["stt_ms", "Speech to text"],
  ["llm_first_sentence_ms", "Language model"],
  ["tools_ms", "Tools"],
  ["tts_first_byte_ms", "Voice"],
  ["transport_ms", "Transport"],
];

/** What people are used to from each other on the phone; beyond it a pause is noticed, and beyond the second one it disturbs. */
export const QUICK_MS = 1000;
export const SLOW_MS = 2000;

/** Parts that took time. The model's first sentence counts, because that is what the voice needs; without it its first word. */
export function partsOf(latency: Readonly<Record<string, number>>): Part[] {
  const llm = latency.llm_first_sentence_ms ?? latency.llm_first_token_ms;
  const known: Record<string, number | undefined> = { ...latency, llm_first_sentence_ms: llm };
  return PARTS.map(([key, label]) => ({ key, label, ms: known[key] ?? 0 })).filter((part) => part.ms > 0);
}

/** From the end of the caller's words to the first sound; the sum of the parts where nobody measured it (a greeting, or text). */
export function totalOf(latency: Readonly<Record<string, number>>): number {
  return latency.response_ms ?? partsOf(latency).reduce((sum, part) => sum + part.ms, 0);
}

export function paceOf(ms: number): "quick" | "noticed" | "slow" {
  if (ms <= QUICK_MS) return "quick";
  return ms <= SLOW_MS ? "noticed" : "slow";
}
