/** Proves X4 UI1: running calls on the screen: captions that grow, the record's last word, calls that come and go. */
import { describe, expect, it } from "vitest";
import {
  type Live,
  type LiveCall,
  type LiveEvent,
  lastLine,
  MAX_ITEMS,
  NO_CALLS,
  type Watched,
  withLiveEvent,
  withoutEnded,
  withRecord,
} from "./liveState";

const AT = "2026-01-02T10:00:00Z";
const event = (type: LiveEvent["type"], fields: Partial<LiveEvent> = {}): LiveEvent => ({ type, at: AT, call_id: "c1", ...fields });
const caption = (role: LiveEvent["role"], text: string, is_final = true) => event("caption", { role, text, is_final });
const turn = (role: LiveEvent["role"], text: string, number: number) => event("turn", { role, text, turn: number });
const started = event("started", { agent_id: "shop", channel: "twilio", caller_phone: "+1555" });
const play = (events: LiveEvent[], from: Live = NO_CALLS) => events.reduce(withLiveEvent, from);
const watched = (live: Live): Watched => {
  const found = live.get("c1");
  if (!found) throw new Error("no call");
  return found;
};
const lines = (live: Live) => watched(live).items.map((item) => (item.kind === "line" ? `${item.role}: ${item.text}` : item.text));

describe("captions", () => {
  it("grow, and the record has the last word", () => {
    const live = play([
      started,
      event("answered"),
      caption("assistant", "Hello."),
      caption("assistant", "What would you like?"),
      turn("assistant", "Hello. What would", 0),
      caption("user", "A ro", false),
      caption("user", "A rose."),
      turn("user", "A rose!", 1),
      caption("assistant", "Sure."),
    ]);
    expect(lines(live)).toEqual(["assistant: Hello. What would", "user: A rose!", "assistant: Sure."]);
    expect([watched(live).call.status, lastLine(watched(live))?.text]).toEqual(["active", "Sure."]);
  });

  it("let the agent go on while the caller makes a noise", () => {
    const live = play([
      started,
      caption("assistant", "One."),
      caption("user", "hm", false),
      caption("assistant", "Two."),
      turn("assistant", "One. Two.", 0),
    ]);
    expect(lines(live)).toEqual(["assistant: One. Two.", "user: hm"]);
  });

  it("show hints of an operator once", () => {
    const live = play([started, caption("operator", "Offer ten percent."), turn("operator", "Offer ten percent.", 0)]);
    expect(lines(live)).toEqual(["operator: Offer ten percent."]);
  });

  it("take the same turn told twice as one", () => {
    expect(lines(play([started, turn("user", "Yes", 0), turn("user", "Yes please", 0)]))).toEqual(["user: Yes please"]);
  });

  it("are bounded", () => {
    const many = Array.from({ length: MAX_ITEMS + 50 }, (_, number) => turn("user", `${number}`, number));
    expect(watched(play([started, ...many])).items.length).toBe(MAX_ITEMS);
  });
});

describe("calls", () => {
  it("begin, move on, and end", () => {
    const live = play([
      started,
      event("stage", { stage: "order", previous: null }),
      event("stage", { stage: "pay", previous: "order", by_tool: "buy" }),
      event("tool", { tool: "buy", status: "failed", duration_ms: 12 }),
      caption("user", "unfinis", false),
      event("ended", { reason: "caller_hung_up" }),
    ]);
    expect([watched(live).call.stage, watched(live).ended?.reason, lines(live)]).toEqual([
      "pay",
      "caller_hung_up",
      ["Moved to pay by buy", "buy · failed · 12 ms"],
    ]);
    expect([withoutEnded(live, null).size, withoutEnded(live, "c1").size]).toEqual([0, 1]);
  });

  it("keep their lines when the stream comes back, and are gone when they ended meanwhile", () => {
    const call: LiveCall = { ...watched(play([started])).call, agent_name: "Mia" };
    const live = play([started, turn("user", "Hello", 0), { type: "calls", at: AT, calls: [call] }]);
    expect([lines(live), watched(live).call.agent_name]).toEqual([["user: Hello"], "Mia"]);
    expect(withLiveEvent(live, { type: "calls", at: AT, calls: [] }).size).toBe(0);
  });

  it("that nobody knows are left alone", () => {
    const other = event("turn", { call_id: "c2", role: "user", text: "x", turn: 0 });
    const live = play([started]);
    expect(withLiveEvent(live, other)).toBe(live);
    expect(withLiveEvent(live, { type: "lagged", at: AT })).toBe(live);
  });
});

it("puts the record before what was heard live", () => {
  const live = watched(play([started, turn("user", "Third", 2), caption("assistant", "Fourth")]));
  const transcript = [
    { role: "assistant" as const, text: "First", turn: 0 },
    { role: "user" as const, text: "Second", turn: 1 },
    { role: "user" as const, text: "Third", turn: 2 },
  ];
  const whole = withRecord(live, transcript);
  expect(whole.items.map((item) => (item.kind === "line" ? item.text : ""))).toEqual(["First", "Second", "Third", "Fourth"]);
  expect(new Set(whole.items.map((item) => item.id)).size).toBe(4);
  expect(withRecord(whole, transcript)).toBe(whole);
});
