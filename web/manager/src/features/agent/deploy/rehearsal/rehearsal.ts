/** What a rehearsal tells while it goes on and when it is over. Pure. */
import type { Schemas } from "../../../../api/api";

export type Rehearsal = Schemas["Rehearsal"];
export type RehearsedCall = Schemas["RehearsedCall"];

/** How many calls a rehearsal of the manager goes back. */
export const LAST_CALLS = 10;

export interface Progress {
  /** Null: not known yet. */
  calls: number | null;
  done: number;
  result: Rehearsal | null;
  problem: string;
}

export const NOT_BEGUN: Progress = { calls: null, done: 0, result: null, problem: "" };

/** After one event of the stream. */
export function advanced(before: Progress, event: string, data: string): Progress {
  const body = JSON.parse(data) as { calls?: number; result?: Rehearsal | null; text?: string };
  switch (event) {
    case "begun":
      return { ...before, calls: body.calls ?? 0 };
    case "call":
      return { ...before, done: before.done + 1 };
    case "done":
      return { ...before, result: body.result ?? null };
    case "error":
      return { ...before, problem: body.text || "The rehearsal broke off." };
    default:
      return before;
  }
}

/** How many calls could be held against the draft. */
export function rehearsedIn(result: Rehearsal): number {
  return result.same_way + result.otherwise;
}

/** "9 of 10 go the same way", "All 10 calls go the same way", "None of 3 goes the same way". */
export function verdictInWords(result: Rehearsal): string {
  const of = rehearsedIn(result);
  if (of === 0) return "No call could be rehearsed";
  if (of === 1) return result.same_way === 1 ? "The one call goes the same way" : "The one call goes another way";
  if (result.same_way === of) return `All ${of} calls go the same way`;
  if (result.same_way === 0) return `None of ${of} goes the same way`;
  return `${result.same_way} of ${of} go the same way`;
}

/** What was left out, and why; empty when nothing was. */
export function leftOutInWords({ not_used: passed }: Pick<Rehearsal, "not_used">): string {
  if (passed === 0) return "";
  const which = passed === 1 ? "One more recent call was" : `${passed} more recent calls were`;
  return `${which} not used: the caller was not told of a recording, or it is not kept any more.`;
}

/** Why nothing was held against the draft. */
export function whyNoneInWords({ calls, not_used: passed }: Pick<Rehearsal, "calls" | "not_used">): string {
  if (calls.length > 0) return "What was decided in these calls is not kept, or cannot be replayed.";
  if (passed === 0) return "No recorded calls yet.";
  if (passed === 1) return "The only recent call may not be used: its caller was not told of a recording, or it is not kept any more.";
  return `None of the last ${passed} calls may be used: their callers were not told of a recording, or it is not kept any more.`;
}

/** Where to look first: the second of the call at which it parts; null when that is not known. */
export function partsAt(call: Pick<RehearsedCall, "differences">): number | null {
  const at = call.differences[0]?.at_ms ?? 0;
  return at > 0 ? Math.round(at / 100) / 10 : null;
}
