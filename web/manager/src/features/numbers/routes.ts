/** Where a number can lead, in words. Pure. */
import type { Schemas } from "../../api/api";
import { phone } from "../../ui/format";

export type RouteType = Schemas["NumberReply"]["inboundRoute"];
export type TransferType = NonNullable<Schemas["NumberReply"]["aiTransferType"]>;
export type FallbackType = Schemas["Fallback"]["type"];

interface Words {
  label: string;
  /** What the target is called; absent: there is none to name. */
  target?: string;
  placeholder?: string;
  isPhone?: boolean;
  /** Said below the target. */
  note?: string;
}

const NOT_CONNECTED = "No phone system is connected yet: until then callers get what stands under “When it cannot be answered”.";
const NOBODY_THERE = "No phone system is connected yet: until then callers hear that nobody is there.";
const GREETING: Words = { label: "Voicemail", target: "Said before the tone", placeholder: "Please leave a message after the tone." };

export const ROUTES: Record<RouteType, Words> = {
  ai_agent: { label: "An agent", target: "Agent" },
  external: { label: "Another number", target: "Number", placeholder: "+1 202 555 0147", isPhone: true },
  voicemail: GREETING,
  extension: { label: "An extension", target: "Extension", placeholder: "1001", note: NOT_CONNECTED },
  queue: { label: "A queue", target: "Queue", placeholder: "sales", note: NOT_CONNECTED },
  ringgroup: { label: "A ring group", target: "Ring group", placeholder: "front-desk", note: NOT_CONNECTED },
  ivr: { label: "A menu (IVR)", target: "Menu", placeholder: "main", note: NOT_CONNECTED },
};

export const TRANSFERS = Object.fromEntries(
  Object.entries(ROUTES)
    .filter(([type]) => type !== "ai_agent")
    .map(([type, words]) => [type, words.note ? { ...words, note: NOBODY_THERE } : words]),
) as Record<TransferType, Words>;

export const FALLBACKS: Record<FallbackType, Words> = {
  external: { label: "Ring another number", target: "Number", placeholder: "+1 202 555 0147", isPhone: true },
  voicemail: { ...GREETING, label: "Take a voicemail" },
  ringgroup: {
    label: "Ring a group",
    target: "Ring group",
    placeholder: "front-desk",
    note: "No phone system is connected yet: until then callers hear that nobody can answer.",
  },
  message: { label: "Say a message and hang up", target: "Message", placeholder: "We cannot take your call right now." },
};

/** A voicemail has a sentence of its own to say. */
export const OPTIONAL_TARGET = new Set<string>(["voicemail"]);

/** "Queue sales", "+1 202 555 0147", "Voicemail". */
export function routeInWords(type: string | null | undefined, target: string | null | undefined): string {
  if (!type) return "–";
  if (type === "external" && target) return phone(target);
  if (type === "message") return target ? `“${target}”` : "A message";
  const words = (ROUTES as Record<string, Words>)[type];
  if (!words) return type;
  if (type === "voicemail") return "Voicemail";
  const name = words.target ?? words.label;
  return target ? `${name} ${target}` : name;
}

/** `<Select data>` of a table of words. */
export function optionsOf(words: Record<string, Words>): { value: string; label: string }[] {
  return Object.entries(words).map(([value, { label }]) => ({ value, label }));
}
