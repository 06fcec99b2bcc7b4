/** Running calls as people say them. Pure. */
import { phone } from "../../ui/format";
import type { LiveCall } from "./liveState";

const CHANNELS: Record<string, string> = {
  twilio: "Phone",
  telnyx: "Phone",
  browser: "Browser",
  embed: "Web page",
  webrtc: "Softphone",
  chat: "Chat",
};

/** Who is on the line. */
export function callerName(call: Pick<LiveCall, "caller_phone" | "is_test" | "channel">): string {
  if (call.caller_phone) return phone(call.caller_phone);
  if (call.is_test) return "Test";
  return call.channel === "embed" ? "A visitor" : "Unknown caller";
}

export function channelName(call: Pick<LiveCall, "channel" | "is_test">): string {
  const name = CHANNELS[call.channel ?? ""] ?? call.channel ?? "";
  return call.is_test ? `${name}, test` : name;
}

/** Written conversations are not held by one process: nothing can be told them. */
export function takesHints(call: Pick<LiveCall, "channel">): boolean {
  return call.channel !== "chat" && call.channel !== "email";
}

/** Milliseconds on the line. */
export function lengthMs(call: Pick<LiveCall, "answered_at" | "started_at">, now: number): number {
  return Math.max(0, now - Date.parse(call.answered_at ?? call.started_at));
}
