import type { Schemas } from "../../api/api";

export type Direction = Schemas["BlockedNumberReply"]["direction"];

/** What a block stops, in words. */
export const DIRECTIONS: Record<Direction, string> = {
  both: "Calls in and out",
  inbound: "Calls from it",
  outbound: "Calls to it",
};
