/** The difference between before and after, field by field. Pure. */
import { inWords } from "../agent/diff/inWords";

export interface Change {
  field: string;
  before: string;
  after: string;
  /** Long enough to be compared line by line. */
  isText: boolean;
}

type State = Record<string, unknown> | null;

const LONG = 60;

/** Fields that differ, in the order of the later state; of something new or removed: all that are not empty. */
export function changesOf(before: State, after: State): Change[] {
  const names = [...new Set([...Object.keys(after ?? {}), ...Object.keys(before ?? {})])];
  return names.flatMap((name) => {
    // A field the entry does not speak of on one side was not changed, unless that whole side is missing.
    if (before && after && !(name in after)) return [];
    const [old, now] = [inWords(pruned(before?.[name])), inWords(pruned(after?.[name]))];
    if (old === now) return [];
    return [
      {
        field: inWordsOfField(name),
        before: old,
        after: now,
        isText: [old, now].some((text) => text.includes("\n") || text.length > LONG),
      },
    ];
  });
}

/** Without what is empty at any depth: "options: {}" tells nobody anything. */
function pruned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pruned);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value)
    .map(([name, part]): [string, unknown] => [name, pruned(part)])
    .filter(([, part]) => part !== null && part !== undefined && part !== "" && !(Array.isArray(part) && part.length === 0));
  return kept.length ? Object.fromEntries(kept) : null;
}

/** "routeTarget" and "route_target" → "Route target". */
export function inWordsOfField(name: string): string {
  if (/^(llm|stt|tts|id|url)$/.test(name)) return name.toUpperCase();
  const words = name.replace(/_/g, " ").replace(/([a-z])([A-Z])/g, (_, small: string, large: string) => `${small} ${large.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}
