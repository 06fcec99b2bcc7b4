/** Running calls as they stand on the screen, folded from the events of `/v1/live/events`. Pure. */
import type { Schemas } from "../../api/api";

export type LiveCall = Schemas["LiveCall"];
export type LiveEvent = Schemas["LiveEvent"];
type Role = "user" | "assistant" | "operator";

export interface Line {
  kind: "line";
  id: number;
  role: Role;
  text: string;
  /** False: it still grows. */
  isFinal: boolean;
  /** Its number in the transcript, once it stands there. */
  turn?: number;
}

export interface Happening {
  kind: "stage" | "tool";
  id: number;
  text: string;
  isTrouble: boolean;
}

export type Item = Line | Happening;

export interface Watched {
  call: LiveCall;
  items: readonly Item[];
  ended: { reason: string; at: string } | null;
}

export type Live = ReadonlyMap<string, Watched>;

export const NO_CALLS: Live = new Map();
/** Of one call; whoever wants more opens its record. */
export const MAX_ITEMS = 200;

/** All calls after one more event. */
export function withLiveEvent(live: Live, event: LiveEvent): Live {
  if (event.type === "calls") return snapshot(live, event.calls ?? []);
  const id = event.call_id;
  if (!id) return live;
  if (event.type === "started") return live.has(id) ? live : replaced(live, id, { call: callOf(id, event), items: [], ended: null });
  const watched = live.get(id);
  if (!watched) return live;
  const changed = applied(watched, event);
  return changed === watched ? live : replaced(live, id, changed);
}

/** Without calls that are over, but for the one that is looked at. */
export function withoutEnded(live: Live, kept: string | null): Live {
  const left = [...live].filter(([id, watched]) => watched.ended === null || id === kept);
  return left.length === live.size ? live : new Map(left);
}

/** Lines of the record before what was heard live: somebody began to watch in the middle. */
export function withRecord(watched: Watched, transcript: readonly { role: Role; text: string; turn: number }[]): Watched {
  const known = new Set(watched.items.map((item) => (item.kind === "line" && item.turn !== undefined ? item.turn : -1)));
  const firstLive = Math.min(...[...known].filter((turn) => turn >= 0), Number.POSITIVE_INFINITY);
  const before = transcript.filter((line) => !known.has(line.turn) && line.turn < firstLive && !repeats(watched.items, line));
  if (before.length === 0) return watched;
  const lines = before.map(
    (line, place): Line => ({ kind: "line", id: -1_000_000 + place, role: line.role, text: line.text, isFinal: true, turn: line.turn }),
  );
  return { ...watched, items: [...lines, ...watched.items].slice(-MAX_ITEMS) };
}

/** What was said last, for the list. */
export function lastLine(watched: Watched): Line | undefined {
  return watched.items.findLast((item): item is Line => item.kind === "line");
}

function snapshot(live: Live, calls: readonly LiveCall[]): Live {
  return new Map(calls.map((call) => [call.call_id, { call, items: live.get(call.call_id)?.items ?? [], ended: null }]));
}

function applied(watched: Watched, event: LiveEvent): Watched {
  const { call } = watched;
  switch (event.type) {
    case "answered":
      return { ...watched, call: { ...call, status: "active", answered_at: call.answered_at ?? event.at } };
    case "ended":
      return {
        ...watched,
        ended: { reason: event.reason ?? "", at: event.at },
        items: watched.items.filter((item) => item.kind !== "line" || item.isFinal),
      };
    case "caption":
      return { ...watched, items: captioned(watched.items, event.role ?? "user", event.text ?? "", event.is_final ?? true) };
    case "turn":
      return { ...watched, items: recorded(watched.items, event.role ?? "user", event.text ?? "", event.turn ?? 0) };
    case "stage": {
      const moved = { ...watched, call: { ...call, stage: event.stage ?? call.stage } };
      return event.previous
        ? happened(moved, "stage", `Moved to ${event.stage}${event.by_tool ? ` by ${event.by_tool}` : ""}`, false)
        : moved;
    }
    case "tool":
      return happened(
        watched,
        "tool",
        `${event.tool} · ${event.status === "ok" ? "done" : event.status} · ${event.duration_ms ?? 0} ms`,
        event.status !== "ok",
      );
    default:
      return watched;
  }
}

/** Words of the caller replace what he was saying; sentences of the agent join. */
function captioned(items: readonly Item[], role: Role, text: string, isFinal: boolean): readonly Item[] {
  const words = text.trim();
  const isOpen = (item: Item) => item.kind === "line" && item.role === role && !item.isFinal;
  const others = items.filter((item) => !isOpen(item));
  if (!words) return others;
  if (role === "assistant" && isFinal && others.length === items.length) {
    // What the caller is saying at the same time stays at the end.
    const saying = others.filter((item) => item.kind === "line" && !item.isFinal);
    const closed = others.filter((item) => item.kind !== "line" || item.isFinal);
    const last = closed.at(-1);
    if (last?.kind === "line" && last.role === role && last.turn === undefined)
      return [...closed.slice(0, -1), { ...last, text: `${last.text} ${words}` }, ...saying];
    return bounded([...closed, { kind: "line", id: nextId(items), role, text: words, isFinal }, ...saying]);
  }
  return bounded([...others, { kind: "line", id: nextId(items), role, text: words, isFinal }]);
}

/** The record has the last word: what was understood of the caller, what was really heard of the agent. */
function recorded(items: readonly Item[], role: Role, text: string, turn: number): readonly Item[] {
  const same = items.findIndex((item) => item.kind === "line" && item.role === role && item.turn === turn);
  const place =
    same >= 0 ? same : items.findLastIndex((item) => item.kind === "line" && item.role === role && item.turn === undefined && item.isFinal);
  const line = { kind: "line" as const, role, text, isFinal: true, turn };
  if (place < 0) return bounded([...items, { ...line, id: nextId(items) }]);
  return items.map((item, index) => (index === place ? { ...line, id: item.id } : item));
}

function happened(watched: Watched, kind: Happening["kind"], text: string, isTrouble: boolean): Watched {
  return { ...watched, items: bounded([...watched.items, { kind, id: nextId(watched.items), text, isTrouble }]) };
}

function repeats(items: readonly Item[], line: { role: Role; text: string }): boolean {
  return items.some((item) => item.kind === "line" && item.role === line.role && item.text === line.text);
}

function bounded(items: Item[]): Item[] {
  return items.slice(-MAX_ITEMS);
}

function nextId(items: readonly Item[]): number {
  return Math.max(0, ...items.map((item) => item.id)) + 1;
}

function replaced(live: Live, id: string, watched: Watched): Live {
  return new Map([...live, [id, watched]]);
}

function callOf(id: string, event: LiveEvent): LiveCall {
  return {
    call_id: id,
    session_id: event.session_id ?? null,
    agent_id: event.agent_id ?? null,
    agent_name: null,
    channel: event.channel ?? null,
    direction: event.direction ?? null,
    caller_phone: event.caller_phone ?? null,
    to_number: event.to_number ?? null,
    is_test: event.is_test ?? false,
    status: "ringing",
    stage: null,
    started_at: event.at,
    answered_at: null,
  };
}
