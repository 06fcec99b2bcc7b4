/** What an address can be told of, and the words for what became of a message. */
import type { Schemas } from "../../api/api";

export type Endpoint = Schemas["WebhookEndpointReply"];
export type Delivery = Schemas["WebhookDelivery"];
export type EventType = Endpoint["event_types"][number];

const WORDS: Record<EventType, string> = {
  "call.started": "A call began",
  "call.rejected": "A call was turned away",
  "call.ended": "A call ended",
  "transcript.ready": "The transcript of a call is there",
  "recording.ready": "The recording of a call is there",
  "voicemail.new": "A caller left a message",
  "email.handoff": "A mail conversation was passed on to people",
  "deployment.activated": "An agent went live",
};

export const EVENT_TYPES = (Object.keys(WORDS) as EventType[]).map((value) => ({ value, label: value, words: WORDS[value] }));

export type Health = "off" | "gone" | "given up" | "failing" | "on";

/** How an address does, the worst first. */
export function healthOf(endpoint: Endpoint): Health {
  if (endpoint.disabled_reason === "gone") return "gone";
  if (endpoint.disabled_reason === "failing") return "given up";
  if (!endpoint.is_active) return "off";
  return endpoint.failing_since ? "failing" : "on";
}

/** What a delivery shows: "200", "no answer", nothing before its first attempt. */
export function answerOf({ response_status, error, attempts }: Delivery): string {
  if (response_status !== null) return String(response_status);
  return error && attempts > 0 ? "no answer" : "";
}

/** JSON with line breaks; anything else as it came. */
export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
