/** Proves D4 UI1: a test conversation on the screen: captions that grow, answers in one piece, tools, stages, latency and turns that can be edited. */
import type { ClientEvent } from "@callstage/shared/voice";
import { describe, expect, it } from "vitest";
import { activityOf, type Conversation, goingOn, NOTHING, type Said, userTurns, withEvent } from "./conversation";

const play = (events: ClientEvent[], from: Conversation = NOTHING) => events.reduce(withEvent, from);
const user = (text: string, isFinal = true): ClientEvent => ({ type: "transcript", role: "user", text, isFinal });
const agent = (text: string): ClientEvent => ({ type: "transcript", role: "assistant", text, isFinal: true });
const tool: ClientEvent = {
  type: "tool",
  name: "buy",
  arguments: { item: "rose" },
  result: { ok: true },
  status: "ok",
  errorCode: "",
  durationMs: 12,
  isPreload: false,
};
const said = (conversation: Conversation) => conversation.items.filter((item): item is Said => item.kind === "said");

describe("captions", () => {
  it("grow until they are final, and number the caller's turns", () => {
    const now = play([agent("Hello."), user("A ro", false), user("A rose pl", false), user("A rose please.")]);
    expect(said(now).map(({ role, text, userTurn }) => [role, text, userTurn])).toEqual([
      ["assistant", "Hello.", undefined],
      ["user", "A rose please.", 0],
    ]);
    expect(now.isWaiting).toBe(true);
    expect(userTurns(play([user("And?")], now).items)).toBe(2);
  });

  it("let an answer go on while the caller makes a noise", () => {
    const now = play([user("Hi"), agent("One."), user("hm", false), agent("Two."), user("hmm", false)]);
    expect(said(now).map(({ text }) => text)).toEqual(["Hi", "One. Two.", "hmm"]);
  });

  it("replace what is written so far, and begin a new piece after a finished one", () => {
    const written = (text: string, isFinal: boolean): ClientEvent => ({ type: "transcript", role: "assistant", text, isFinal });
    const now = play([
      user("Hi"),
      written("Su", false),
      written("Sure. Wh", false),
      written("Sure. What size?", true),
      written("And", false),
    ]);
    expect(said(now).map(({ text, isFinal }) => [text, isFinal])).toEqual([
      ["Hi", true],
      ["Sure. What size?", true],
      ["And", false],
    ]);
  });

  it("take back words that were none", () => {
    expect(play([user("hm", false), user("", true)]).items).toEqual([]);
  });

  it("join the sentences of an answer, and begin anew after a tool or a cut", () => {
    const now = play([user("Hi"), agent("One."), agent("Two."), tool, agent("Three."), { type: "audioStop" }, agent("Four.")]);
    expect(said(now).map(({ text, wasCut }) => [text, wasCut ?? false])).toEqual([
      ["Hi", false],
      ["One. Two.", false],
      ["Three.", true],
      ["Four.", false],
    ]);
    expect(now.isWaiting).toBe(false);
  });

  it("drop what was never finished when the conversation ends", () => {
    const now = play([user("I wou", false), { type: "closed", code: 1000, reason: "", closing: "ended" }]);
    expect([now.items, now.ended?.closing]).toEqual([[], "ended"]);
  });
});

describe("what happens beside the words", () => {
  it("shows moves of the stage but not where it began, and the newest variables", () => {
    const now = play([
      { type: "stage", stage: "order", previous: null, byTool: null },
      { type: "variables", values: { name: "Ada" } },
      tool,
      { type: "stage", stage: "pay", previous: "order", byTool: "buy" },
    ]);
    expect([now.stage, now.variables, now.items.map((item) => item.kind)]).toEqual(["pay", { name: "Ada" }, ["tool", "stage"]]);
  });

  it("puts the latency to the turn that was answered, once, and to the greeting when nobody spoke", () => {
    const greeted = play([agent("Hello."), { type: "latency", waterfall: { heard_ms: 80 } }]);
    expect(said(greeted)[0]?.waterfall).toEqual({ heard_ms: 80 });
    const now = play(
      [user("Hi"), agent("Yes."), { type: "latency", waterfall: { heard_ms: 900 } }, { type: "latency", waterfall: { heard_ms: 5 } }],
      greeted,
    );
    expect(said(now).map((line) => line.waterfall?.heard_ms)).toEqual([80, 900, undefined]);
  });

  it("keeps ids apart for lists that are drawn", () => {
    const now = play([agent("a"), tool, user("b"), tool, { type: "error", message: "No", code: "x" }, user("c", false)]);
    const ids = now.items.map((item) => item.id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("what the agent does", () => {
  const open = play([{ type: "state", state: "open" }]);
  const sound = (output: number): ClientEvent => ({ type: "level", input: 0, output });
  const after = (...events: ClientEvent[]) => activityOf(play(events, open));

  it("is known while the conversation is open", () => {
    expect(activityOf(NOTHING)).toBeNull();
    expect(after()).toBe("listening");
    expect(after({ type: "state", state: "reconnecting" })).toBeNull();
    expect(after(user("Hi"), { type: "state", state: "reconnecting" }, { type: "state", state: "open" })).toBe("listening");
  });

  it("goes from listening over thinking to speaking, until the last sound is heard", () => {
    expect(after(user("A ro", false))).toBe("listening");
    expect(after(user("A rose."))).toBe("thinking");
    expect(after(user("A rose."), sound(0.3))).toBe("speaking");
    expect(after(user("A rose."), sound(0.3), agent("Ten."), { type: "audioEnd" })).toBe("speaking");
    expect(after(user("A rose."), sound(0.3), agent("Ten."), { type: "audioEnd" }, sound(0))).toBe("listening");
  });

  it("listens again when it was cut off, when the caller goes on, and after an error", () => {
    expect(after(user("Hi"), sound(0.3), agent("Ten."), sound(0), { type: "audioStop" })).toBe("listening");
    expect(after(user("A rose."), user("and", false))).toBe("listening");
    expect(after(user("Hi"), { type: "error", message: "No", code: "x" })).toBe("listening");
  });

  it("changes nothing for a level that says the same", () => {
    expect(withEvent(open, sound(0))).toBe(open);
    const sounding = withEvent(open, sound(0.1));
    expect(withEvent(sounding, sound(0.5))).toBe(sounding);
  });
});

describe("going on from an earlier turn", () => {
  it("shows what was said before and goes on counting turns", () => {
    const begun = goingOn({
      stage: "pay",
      variables: { item: "rose" },
      history: [
        { role: "assistant", text: "Hello." },
        { role: "user", text: "A rose." },
        { role: "assistant", text: "Ten dollars." },
      ],
    });
    const now = play(
      [
        { type: "connected", agentName: "Mia", historyKey: "ses_2", callId: "c", agentId: "a", resumed: true },
        user("Too dear."),
        agent("Nine."),
      ],
      begun,
    );
    expect(said(now).map(({ userTurn }) => userTurn)).toEqual([undefined, 0, undefined, 1, undefined]);
    expect([now.sessionId, now.stage]).toEqual(["ses_2", "pay"]);
    expect(said(play([agent("More.")], begun)).at(-1)?.text).toBe("More.");
  });
});
