// Proves WS1 WS4: the server's messages, and what is none; the address of a conversation.
import { describe, expect, it } from "vitest";
import { settled, withTranscript } from "./captions";
import { parseMessage, voiceUrl } from "./messages";

describe("parseMessage", () => {
  it("reads what the server says", () => {
    expect(parseMessage('{"type":"connected","agentName":"Ada","historyKey":"ses_1","callId":"c","agentId":"a","resumed":true}')).toEqual({
      type: "connected",
      agentName: "Ada",
      historyKey: "ses_1",
      callId: "c",
      agentId: "a",
      resumed: true,
    });
    expect(parseMessage('{"type":"transcript","payload":{"role":"user","text":"hi","isFinal":false}}')).toEqual({
      type: "transcript",
      role: "user",
      text: "hi",
      isFinal: false,
    });
    expect(parseMessage('{"type":"latency","payload":{"response_ms":310.5,"waterfall":{"heard_ms":900}}}')).toEqual({
      type: "latency",
      waterfall: { heard_ms: 900 },
    });
    expect(parseMessage('{"type":"stage","payload":{"stage":"order","previous":null}}')).toEqual({
      type: "stage",
      stage: "order",
      previous: null,
      byTool: null,
    });
    expect(parseMessage('{"type":"variables","payload":{"name":"Ada"}}')).toEqual({ type: "variables", values: { name: "Ada" } });
    expect(parseMessage('{"type":"tool","payload":{"name":"look","durationMs":12,"result":[1]}}')).toMatchObject({
      name: "look",
      durationMs: 12,
      result: {},
    });
  });

  it.each(["", "[]", "7", "null", '{"type":"news"}', '{"type":"latency","payload":{}}', "{"])("takes %j for nothing", (data) =>
    expect(parseMessage(data)).toBeNull(),
  );
});

it("makes the address", () => {
  expect(voiceUrl("wss://x.example/ws/voice", { token: "a.b", mode: "voice" })).toBe("wss://x.example/ws/voice?token=a.b&format=pcm16_24k");
  expect(voiceUrl("ws://x/ws/voice", { apiKey: "vx_1", agentId: "a", sessionId: "ses 1", mode: "chat" })).toBe(
    "ws://x/ws/voice?api_key=vx_1&agent_id=a&session_id=ses+1&mode=chat",
  );
});

describe("captions", () => {
  it("lets a line grow and then stand", () => {
    let lines = withTranscript([], { role: "user", text: "I am", isFinal: false });
    lines = withTranscript(lines, { role: "user", text: "I am Ada", isFinal: true });
    lines = withTranscript(lines, { role: "assistant", text: "Nice.", isFinal: false });
    lines = withTranscript(lines, { role: "user", text: "and", isFinal: false });
    expect(lines.map((line) => [line.id, line.text, line.isFinal])).toEqual([
      [1, "I am Ada", true],
      [2, "Nice.", false],
      [3, "and", false],
    ]);
    expect(withTranscript(lines, { role: "user", text: " ", isFinal: true }).map((line) => line.id)).toEqual([1, 2]);
    expect(settled(lines, "assistant").map((line) => line.isFinal)).toEqual([true, true, false]);
    expect(settled(lines).every((line) => line.isFinal)).toBe(true);
  });
});
