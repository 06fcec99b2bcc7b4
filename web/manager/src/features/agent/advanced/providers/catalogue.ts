/** Which provider does what, and which one a conversation begins with when the agent names none. Pure; follows agent-runtime's registry. */
import type { Schemas } from "../../../../api/api";
import { VENDORS } from "../../../settings/providerWords";

export type ProviderKind = Schemas["ProviderKind"]["kind"];
type Health = Schemas["ProviderHealth"];

export const OFFLINE = "offline";

/** In the order in which the platform asks them. */
export const PROVIDERS: Record<ProviderKind, string[]> = {
  llm: ["openai", "groq", "gemini", "anthropic", OFFLINE],
  stt: ["deepgram", "openai", "elevenlabs", OFFLINE],
  tts: ["elevenlabs", "openai", "deepgram", "gemini", OFFLINE],
  realtime: ["openai", "gemini"],
};

export const KIND_TITLES: Record<ProviderKind, string> = {
  llm: "Language model",
  stt: "Hearing",
  tts: "Voice",
  realtime: "Speech to speech",
};

export function providerLabel(provider: string): string {
  return VENDORS[provider]?.label ?? (provider === OFFLINE ? "Built in, offline" : provider);
}

/** Options of a select; holds `current` even when it is not among the known ones. */
export function providerOptions(kind: ProviderKind, current?: string | null): { value: string; label: string }[] {
  const known = PROVIDERS[kind];
  const names = current && !known.includes(current) ? [...known, current] : known;
  return names.map((value) => ({ value, label: providerLabel(value) }));
}

/** The provider that the platform takes by itself: the first with a key, else the built-in engine. */
export function platformChoice(kind: ProviderKind, health: Health[]): string {
  return PROVIDERS[kind].find((name) => isConfigured(kind, name, health)) ?? OFFLINE;
}

/** Whether a provider can be used: it is built in, or has a key. */
export function isConfigured(kind: ProviderKind, provider: string, health: Health[]): boolean {
  if (!(provider in VENDORS)) return true;
  const known = health.find((item) => item.provider === provider);
  if (!known?.configured) return false;
  const kinds = known.kinds ?? [];
  return kinds.length === 0 || kinds.some((item) => item.kind === kind && item.configured);
}

/** The model that a provider takes when none is named; "" when nobody knows. */
export function defaultModel(kind: ProviderKind, provider: string | null | undefined, health: Health[]): string {
  return health.find((item) => item.provider === provider)?.kinds?.find((item) => item.kind === kind)?.model ?? "";
}
