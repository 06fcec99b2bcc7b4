/** Names and states of AI providers for people. Pure. */
import type { Schemas } from "../../api/api";

interface Vendor {
  label: string;
  about: string;
}

/** Vendors that take a key of the workspace. */
export const VENDORS: Record<string, Vendor> = {
  openai: { label: "OpenAI", about: "Language models, speech, speech to speech" },
  groq: { label: "Groq", about: "Quick language models" },
  anthropic: { label: "Anthropic", about: "Language models" },
  gemini: { label: "Google Gemini", about: "Language models, speech, speech to speech" },
  deepgram: { label: "Deepgram", about: "Hearing and voices" },
  elevenlabs: { label: "ElevenLabs", about: "Voices and hearing" },
};

export const KIND_WORDS: Record<Schemas["ProviderKind"]["kind"], string> = {
  stt: "hears",
  llm: "thinks",
  tts: "speaks",
  realtime: "speech to speech",
};

/** One short claim about a provider. */
export function healthWords(health: Schemas["ProviderHealth"] | undefined): { text: string; color: string } {
  if (!health?.configured) return { text: "no key", color: "gray" };
  if ((health.kinds ?? []).some((kind) => kind.breaker === "open")) return { text: "failing, left alone for a while", color: "red" };
  if (health.reachable === null) return { text: health.key ? "not asked" : "built in, works offline", color: "signal" };
  if (!health.reachable) return { text: "does not answer", color: "red" };
  return { text: health.latency_ms ? `answers in ${health.latency_ms} ms` : "answers", color: "signal" };
}
