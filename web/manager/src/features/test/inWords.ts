/** States of a test conversation as people say them. Pure. */
import type { Conversation } from "./conversation";

const STATES: Record<Conversation["state"], string> = {
  idle: "",
  connecting: "Connecting",
  open: "Connected",
  reconnecting: "Connection lost, coming back",
  closed: "Over",
};

export function stateInWords({ state, ended }: Pick<Conversation, "state" | "ended">): string {
  if (state !== "closed" || !ended) return STATES[state];
  switch (ended.closing) {
    case "ended":
      return "The conversation is over.";
    case "unauthorised":
      return "The test session has expired. Start another one.";
    default:
      return ended.reason ? `The conversation ended: ${ended.reason}.` : "The connection was lost.";
  }
}
