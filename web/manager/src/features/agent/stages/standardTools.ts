/** Tools that every agent may use without defining them (rules B1 to B3, W5). */

export interface StandardTool {
  name: string;
  kind: "builtin" | "webhook";
  summary: string;
  /** Acts on a phone line, which a chat agent has not. */
  needsLine?: boolean;
}

export const END_CALL = "end_call";

export const STANDARD_TOOLS: readonly StandardTool[] = [
  { name: END_CALL, kind: "builtin", summary: "Say goodbye and hang up." },
  { name: "transfer_to_human", kind: "builtin", summary: "Hand the caller over to a person." },
  { name: "leave_voicemail", kind: "builtin", summary: "Take a spoken message after a tone; the call ends with it.", needsLine: true },
  { name: "collect_digits", kind: "builtin", summary: "Let the caller type a number on the keypad.", needsLine: true },
  { name: "send_dtmf", kind: "builtin", summary: "Press keys in somebody else's phone menu.", needsLine: true },
  { name: "create_lead", kind: "webhook", summary: "Send a new prospect to your webhook." },
  { name: "leave_message", kind: "webhook", summary: "Send a message for a person to your webhook." },
  { name: "schedule_appointment", kind: "webhook", summary: "Ask your webhook to book an appointment." },
  { name: "check_policy_status", kind: "webhook", summary: "Ask your webhook for the status of a policy or account." },
  { name: "send_sms", kind: "webhook", summary: "Ask your webhook to send a text message." },
];

export function standardTool(name: string): StandardTool | undefined {
  return STANDARD_TOOLS.find((tool) => tool.name === name);
}
