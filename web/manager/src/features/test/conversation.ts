/** What a conversation with the draft looks like on the screen, folded from the messages of the socket. Pure. */
import type { ClientEvent, ClientState, Closing, LatencyNotice, Line, StageNotice, ToolNotice } from "@callstage/shared/voice";
import type { Schemas } from "../../api/api";

type Waterfall = LatencyNotice["waterfall"];

export interface Said extends Line {
  kind: "said";
  /** The turn's number over the whole session, of the caller's finished turns; the server knows turns by it. */
  userTurn?: number;
  /** Of the answer to this turn (or of the greeting). */
  waterfall?: Waterfall;
  /** The caller cut in. */
  wasCut?: boolean;
  /** It belongs to the conversation that this one goes on from. */
  isEarlier?: boolean;
}

export type ToolRun = { kind: "tool"; id: number } & Omit<ToolNotice, "type">;
export type Move = { kind: "stage"; id: number } & Omit<StageNotice, "type">;

export interface Trouble {
  kind: "trouble";
  id: number;
  message: string;
}

export type Item = Said | ToolRun | Move | Trouble;

export interface Conversation {
  state: ClientState;
  items: readonly Item[];
  stage: string;
  variables: Readonly<Record<string, unknown>>;
  agentName: string;
  sessionId: string | null;
  callId: string | null;
  /** The caller has finished a turn and has no answer yet. */
  isWaiting: boolean;
  /** An answer has begun and is not complete. */
  isAnswering: boolean;
  /** The agent's voice is heard at this moment. */
  isSounding: boolean;
  isMicrophoneLost: boolean;
  ended: { closing: Closing; reason: string } | null;
}

export const NOTHING: Conversation = {
  state: "idle",
  items: [],
  stage: "",
  variables: {},
  agentName: "",
  sessionId: null,
  callId: null,
  isWaiting: false,
  isAnswering: false,
  isSounding: false,
  isMicrophoneLost: false,
  ended: null,
};

const QUIET = { isWaiting: false, isAnswering: false, isSounding: false } as const;

/** The beginning of a conversation that goes on from an earlier one: what was said up to there. */
export function goingOn(forked: Pick<Schemas["ForkedSession"], "stage" | "variables" | "history">): Conversation {
  let turns = 0;
  const items = forked.history.map((line, place): Said => {
    const said: Said = { kind: "said", id: place + 1, role: line.role, text: line.text, isFinal: true, isEarlier: true };
    return line.role === "user" ? { ...said, userTurn: turns++ } : said;
  });
  return { ...NOTHING, items, stage: forked.stage, variables: forked.variables };
}

/** The conversation after one more message; the same object when nothing changes. */
export function withEvent(now: Conversation, event: ClientEvent): Conversation {
  switch (event.type) {
    case "state":
      return event.state === "reconnecting" ? { ...now, ...QUIET, state: event.state } : { ...now, state: event.state };
    case "connected":
      return { ...now, agentName: event.agentName, sessionId: event.historyKey || now.sessionId, callId: event.callId || now.callId };
    case "transcript":
      return event.role === "user" ? heard(now, event.text, event.isFinal) : answered(now, event.text, event.isFinal);
    case "audioStop":
      return { ...now, items: cut(now.items), isAnswering: false };
    case "audioEnd":
      return { ...now, isWaiting: false, isAnswering: false };
    case "level":
      return event.output > 0 === now.isSounding ? now : { ...now, isSounding: event.output > 0 };
    case "stage":
      // The first one only says where it begins.
      if (event.previous === null) return { ...now, stage: event.stage };
      return {
        ...added(now, { kind: "stage", id: nextId(now.items), stage: event.stage, previous: event.previous, byTool: event.byTool }),
        stage: event.stage,
      };
    case "tool": {
      const { type: _, ...run } = event;
      return added(now, { kind: "tool", id: nextId(now.items), ...run });
    }
    case "variables":
      return { ...now, variables: event.values };
    case "latency":
      return { ...now, items: measured(now.items, event.waterfall) };
    case "error":
      return { ...added(now, { kind: "trouble", id: nextId(now.items), message: event.message || event.code }), ...QUIET };
    case "microphoneLost":
      return { ...now, isMicrophoneLost: true };
    case "closed":
      return { ...now, items: settled(now.items), ...QUIET, ended: { closing: event.closing, reason: event.reason } };
    default:
      return now;
  }
}

export type Activity = "listening" | "thinking" | "speaking";

/** What the agent does at this moment; null: there is no conversation. While it speaks it listens, too. */
export function activityOf(now: Conversation): Activity | null {
  if (now.state !== "open") return null;
  if (now.isSounding || now.isAnswering) return "speaking";
  return now.isWaiting && !now.items.some(isOpenUser) ? "thinking" : "listening";
}

/** How many turns of the caller are finished. */
export function userTurns(items: readonly Item[]): number {
  return items.filter((item) => item.kind === "said" && item.userTurn !== undefined).length;
}

function heard(now: Conversation, text: string, isFinal: boolean): Conversation {
  const words = text.trim();
  const items = now.items.filter((item) => !isOpenUser(item));
  if (!words) return { ...now, items };
  const said: Said = { kind: "said", id: nextId(now.items), role: "user", text: words, isFinal };
  const whole = isFinal ? { ...said, userTurn: userTurns(items) } : said;
  return { ...now, items: [...items, whole], ...(isFinal ? { isWaiting: true, isAnswering: false } : {}) };
}

/** Spoken answers come sentence by sentence and stand as one text; written ones come as the text so far, and each is replaced by the next. */
function answered(now: Conversation, text: string, isFinal: boolean): Conversation {
  const words = text.trim();
  if (!words) return now;
  // What the caller is saying at the same time stays at the end.
  const closed = now.items.filter((item) => !isOpenUser(item));
  const open = now.items.filter(isOpenUser);
  const last = closed.at(-1);
  const isAnswer = last?.kind === "said" && last.role === "assistant" && !last.isEarlier && !last.wasCut;
  if (isAnswer && (isFinal || !last.isFinal)) {
    const grown: Said = { ...last, text: last.isFinal ? `${last.text} ${words}` : words, isFinal };
    return { ...now, items: [...closed.slice(0, -1), grown, ...open], isWaiting: false, isAnswering: true };
  }
  const begun: Said = { kind: "said", id: nextId(now.items), role: "assistant", text: words, isFinal };
  return { ...now, items: [...closed, begun, ...open], isWaiting: false, isAnswering: true };
}

function isOpenUser(item: Item): boolean {
  return item.kind === "said" && item.role === "user" && !item.isFinal;
}

function cut(items: readonly Item[]): readonly Item[] {
  const last = items.findLastIndex((item) => item.kind === "said" && item.role === "assistant");
  return items.map((item, place) =>
    place === last && item.kind === "said" && !item.isEarlier ? { ...item, wasCut: true, isFinal: true } : item,
  );
}

/** An answer is measured when it begins to sound: it belongs to the turn before it, or to the greeting when nobody has spoken. */
function measured(items: readonly Item[], waterfall: Waterfall): readonly Item[] {
  const isOf = (item: Item) => item.kind === "said" && item.isFinal && !item.isEarlier;
  const turn = items.findLastIndex((item) => isOf(item) && item.kind === "said" && item.role === "user");
  const place = turn >= 0 ? turn : items.findLastIndex(isOf);
  return items.map((item, index) => (index === place && item.kind === "said" && !item.waterfall ? { ...item, waterfall } : item));
}

function settled(items: readonly Item[]): readonly Item[] {
  return items.filter((item) => !isOpenUser(item));
}

function added(now: Conversation, item: Item): Conversation {
  return { ...now, items: [...now.items, item] };
}

function nextId(items: readonly Item[]): number {
  return Math.max(0, ...items.map((item) => item.id)) + 1;
}
