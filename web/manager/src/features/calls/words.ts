/** Call records in the words of people. Pure. */
import type { Schemas } from "../../api/api";

export type Call = Schemas["CallRecord"];
export type EndedReason = NonNullable<Call["ended_reason"]>;
export type Fault = NonNullable<Call["fault"]>;

export const ENDED: Record<EndedReason, string> = {
  caller_hung_up: "Caller hung up",
  agent_ended: "Agent ended it",
  transferred: "Transferred",
  operator_ended: "Operator ended it",
  idle_timeout: "Caller said nothing more",
  max_duration: "Longest duration reached",
  client_stopped: "Browser ended it",
  client_misbehaved: "Client broke the rules",
  blocked: "Blocked number",
  not_deployed: "Agent not deployed",
  overload: "All lines busy",
  plan_limit: "Limit of the plan",
  provider_failed: "AI provider failed",
  tool_failed: "Tool failed",
  runtime_lost: "Runtime lost",
  gateway_lost: "Gateway lost",
  carrier_failed: "Carrier failed",
  shutdown: "Platform shut down",
  internal_error: "Error of the platform",
};

export const FAULT: Record<Fault, string> = {
  nobody: "as it should",
  caller: "caller",
  agent: "agent's design",
  tool: "tool",
  provider: "AI provider",
  carrier: "carrier",
  platform: "platform",
};

/** Who has to act, and what they can do first. */
export const ADVICE: Record<Fault, string> = {
  nobody: "The call ended as calls should.",
  caller: "Nothing to mend here, unless it happens often.",
  agent: "Whoever designs the agent can change this: look at its stages and limits.",
  tool: "A tool broke the call: open its run below, with the line that failed.",
  provider: "An AI provider did not deliver: check its health in Settings, and give the agent a fallback.",
  carrier: "The phone carrier reported a failure: look it up there by the carrier's call id.",
  platform: "Whoever runs Callstage has to look: give them the call id and the trace id.",
};

const CHANNELS: Record<string, string> = {
  twilio: "Phone (Twilio)",
  telnyx: "Phone (Telnyx)",
  browser: "Browser",
  embed: "Web page",
  webrtc: "WebRTC",
  email: "E-mail",
  chat: "Chat",
};

export function channelWords(channel: string | null): string {
  return channel ? (CHANNELS[channel] ?? channel) : "unknown";
}

export const CHANNEL_CHOICES = Object.entries(CHANNELS).map(([value, label]) => ({ value, label }));

/** "$0.0123"; small sums keep their digits. */
export function money(cost: number | null | undefined): string {
  if (cost === null || cost === undefined) return "–";
  if (cost === 0) return "$0";
  return `$${cost < 0.01 ? cost.toFixed(4) : cost.toFixed(2)}`;
}

/** How the call stands, in one or two words. */
export function outcome(call: Pick<Call, "status" | "ended_reason">): string {
  if (call.status === "ringing") return "Ringing";
  if (call.status === "active") return "Running";
  return call.ended_reason ? ENDED[call.ended_reason] : "Ended";
}

const USAGE: Record<string, string> = {
  stt_seconds: "Speech heard",
  llm_requests: "Model requests",
  llm_input_tokens: "Tokens in",
  llm_output_tokens: "Tokens out",
  llm_cached_tokens: "Tokens from the cache",
  tts_characters: "Characters spoken",
  tts_seconds: "Speech made",
  carrier_minutes: "Carrier minutes",
  tool_runs: "Tool runs",
};

/** The cost inputs of a call, in a fixed order; parts per provider (`stt_seconds:moonshine:`) are left to the API. */
export function usageRows(usage: Record<string, unknown>): { label: string; figure: string }[] {
  return Object.entries(USAGE).flatMap(([name, label]) => {
    const value = usage[name];
    if (typeof value !== "number" || value <= 0) return [];
    const figure = name.endsWith("_seconds")
      ? `${value.toFixed(1)} s`
      : name.endsWith("_minutes")
        ? `${value.toFixed(1)} min`
        : value.toLocaleString("en");
    return [{ label, figure }];
  });
}
