/** What goes over `/ws/voice` as JSON, both ways (rules WS2, WS4). */

import type { Waterfall } from "../api/schema";

export type Role = "user" | "assistant";

export interface Connected {
  type: "connected";
  agentName: string;
  /** Send it back as `session_id` to go on with this conversation. */
  historyKey: string;
  callId: string;
  agentId: string;
  resumed: boolean;
}

export interface Transcript {
  type: "transcript";
  role: Role;
  text: string;
  /** False: the text so far; a later one takes its place. */
  isFinal: boolean;
}

export interface ToolNotice {
  type: "tool";
  name: string;
  arguments: Record<string, unknown>;
  result: Record<string, unknown>;
  status: string;
  errorCode: string;
  durationMs: number;
  isPreload: boolean;
}

export interface StageNotice {
  type: "stage";
  stage: string;
  previous: string | null;
  byTool: string | null;
}

export interface VariablesNotice {
  type: "variables";
  values: Record<string, unknown>;
}

/** How the answer that begins came about (rule K5). */
export interface LatencyNotice {
  type: "latency";
  waterfall: Waterfall;
}

export interface Failure {
  type: "error";
  message: string;
  code: string;
}

export type ServerMessage =
  | Connected
  | Transcript
  | { type: "audioStop" }
  | { type: "audioEnd" }
  | Failure
  | ToolNotice
  | StageNotice
  | VariablesNotice
  | LatencyNotice;

type Fields = Record<string, unknown>;

/** One text message of the server; null for what this release does not know. */
export function parseMessage(data: string): ServerMessage | null {
  let message: Fields;
  try {
    const value: unknown = JSON.parse(data);
    if (!isFields(value)) return null;
    message = value;
  } catch {
    return null;
  }
  const payload = isFields(message.payload) ? message.payload : {};
  switch (message.type) {
    case "connected":
      return {
        type: "connected",
        agentName: text(message.agentName),
        historyKey: text(message.historyKey),
        callId: text(message.callId),
        agentId: text(message.agentId),
        resumed: message.resumed === true,
      };
    case "transcript":
      return {
        type: "transcript",
        role: payload.role === "user" ? "user" : "assistant",
        text: text(payload.text),
        isFinal: payload.isFinal !== false,
      };
    case "audioStop":
    case "audioEnd":
      return { type: message.type };
    case "error":
      return { type: "error", message: text(payload.message), code: text(payload.code) };
    case "tool":
      return {
        type: "tool",
        name: text(payload.name),
        arguments: fields(payload.arguments),
        result: fields(payload.result),
        status: text(payload.status),
        errorCode: text(payload.errorCode),
        durationMs: number(payload.durationMs),
        isPreload: payload.isPreload === true,
      };
    case "stage":
      return {
        type: "stage",
        stage: text(payload.stage),
        previous: typeof payload.previous === "string" ? payload.previous : null,
        byTool: typeof payload.byTool === "string" ? payload.byTool : null,
      };
    case "variables":
      return { type: "variables", values: payload };
    case "latency":
      return isFields(payload.waterfall) ? { type: "latency", waterfall: payload.waterfall } : null;
    default:
      return null;
  }
}

/** Address of a conversation. `base` is the `ws_url` that a test session or an embed session came with. */
export function voiceUrl(
  base: string,
  query: { token?: string; apiKey?: string; agentId?: string; sessionId?: string | null; mode: Mode },
): string {
  const url = new URL(base);
  const set = (name: string, value: string | null | undefined) => value && url.searchParams.set(name, value);
  set("token", query.token);
  set("api_key", query.apiKey);
  set("agent_id", query.agentId);
  set("session_id", query.sessionId);
  if (query.mode === "chat") set("mode", "chat");
  else set("format", "pcm16_24k");
  return url.toString();
}

export type Mode = "voice" | "chat";

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const number = (value: unknown): number => (typeof value === "number" ? value : 0);
const fields = (value: unknown): Fields => (isFields(value) ? value : {});
