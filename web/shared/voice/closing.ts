/** What the end of a connection means (rule WS5), and when to come back. Pure. */

export type Closing =
  /** The conversation is over, as it should be. */
  | "ended"
  /** The token or key is not valid, or not any more: coming back with it is useless. */
  | "unauthorised"
  /** The agent cannot be talked to: its model, its providers, its deployment. */
  | "unavailable"
  /** Too many connections, or all lines are busy. */
  | "busy"
  /** The connection broke, or the server restarts: come back with the session. */
  | "lost";

const MEANINGS: Record<number, Closing> = {
  1000: "ended",
  1008: "unavailable",
  4001: "unauthorised",
  4003: "unavailable",
  4004: "unavailable",
  4005: "unavailable",
  1013: "busy",
  4029: "busy",
};

export function closingOf(code: number): Closing {
  return MEANINGS[code] ?? "lost";
}

const FIRST_MS = 500;
const LONGEST_MS = 15_000;
export const MOST_ATTEMPTS = 8;

/** Milliseconds before attempt `attempt` (from 0); null: give up. `random` in [0, 1) spreads clients after a restart. */
export function backoffMs(attempt: number, closing: Closing, random: number): number | null {
  if (attempt >= MOST_ATTEMPTS || closing === "ended" || closing === "unauthorised" || closing === "unavailable") return null;
  const whole = Math.min(LONGEST_MS, (closing === "busy" ? 4 * FIRST_MS : FIRST_MS) * 2 ** attempt);
  return Math.round(whole / 2 + (whole / 2) * random);
}
