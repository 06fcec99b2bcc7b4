/** Voices as options of a select. Pure. */
import type { Schemas } from "../../../../api/api";
import { languageName } from "../../../../ui/languages";
import { providerLabel } from "../providers/catalogue";

type Voice = Schemas["VoiceReply"];

export interface VoiceGroup {
  group: string;
  items: { value: string; label: string }[];
}

const SEPARATOR = "\u0000";

/** Provider and voice as one value. */
export function voiceKey(provider: string, voice: string): string {
  return `${provider}${SEPARATOR}${voice}`;
}

export function voiceOf(key: string): { provider: string; voice: string } {
  const [provider = "", voice = ""] = key.split(SEPARATOR);
  return { provider, voice };
}

/** Voices that speak the agent's language, by provider. */
export function voiceGroups(voices: Voice[], language: string): VoiceGroup[] {
  const spoken = language.split("-")[0]?.toLowerCase();
  const groups = new Map<string, VoiceGroup>();
  for (const item of voices) {
    if (item.language !== "multi" && item.language.split("-")[0]?.toLowerCase() !== spoken) continue;
    const group = groups.get(item.provider) ?? { group: providerLabel(item.provider), items: [] };
    const key = voiceKey(item.provider, item.voice);
    if (!group.items.some((other) => other.value === key)) group.items.push({ value: key, label: labelOf(item) });
    groups.set(item.provider, group);
  }
  return [...groups.values()];
}

function labelOf(voice: Voice): string {
  const about = [
    voice.gender === "neutral" ? "" : voice.gender,
    voice.language === "multi" ? "any language" : languageName(voice.language),
  ];
  const words = about.filter((word) => word && !voice.name.toLowerCase().includes(word.toLowerCase()));
  return words.length > 0 ? `${voice.name} · ${words.join(", ")}` : voice.name;
}
