/** States of a test conversation as people say them. Pure. */
import type { Mode } from "@callstage/shared/voice";
import type { Activity, Conversation } from "./conversation";

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

const SPOKEN: Record<Activity, string> = { listening: "Listening", thinking: "Thinking", speaking: "Speaking" };
const WRITTEN: Record<Activity, string> = { listening: "Waiting for you", thinking: "Thinking", speaking: "Writing" };

/** What the agent does, in a word or two. */
export function activityInWords(activity: Activity, mode: Mode, isMuted: boolean): string {
  if (mode === "voice" && isMuted && activity === "listening") return "You are muted";
  return (mode === "voice" ? SPOKEN : WRITTEN)[activity];
}
