// Proves E5 E7: the widget on a page: hidden when it has to be, written and spoken conversations, reloads, words, keys.
import type { ClientEvent, VoiceClient, VoiceClientOptions } from "@callstage/shared/voice";
import { MicrophoneError } from "@callstage/shared/voice";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Config, readConfig } from "./config";
import { Widget } from "./widget";
import { LANGUAGES, languageOf, wordsIn } from "./words";

const REPLY = {
  session_token: "s.1",
  expires_in: 3600,
  ws_url: "wss://v/ws/voice",
  agent_name: "Ada",
  language: "en",
  modes: ["voice", "chat"],
};

class FakeClient {
  sent: string[] = [];
  ended = false;
  muted: boolean | null = null;
  failure: Error | null = null;
  unanswered: { id: string; text: string }[];
  url: Promise<string | null> | null = null;

  constructor(readonly options: VoiceClientOptions) {
    this.unanswered = [...(options.unanswered ?? [])];
  }
  async start() {
    if (this.failure) throw this.failure;
    this.options.onEvent({ type: "state", state: "connecting" });
    this.url = Promise.resolve(this.options.url(this.options.sessionId ?? null));
  }
  sendText(text: string) {
    this.sent.push(text);
    this.unanswered.push({ id: `m${this.sent.length}`, text });
  }
  mute(isMuted: boolean) {
    this.muted = isMuted;
  }
  end() {
    this.ended = true;
    this.says({ type: "closed", code: 1000, reason: "", closing: "ended" });
  }
  says(event: ClientEvent) {
    this.options.onEvent(event);
  }
  opens(sessionId = "ses_1", resumed = false) {
    this.says({ type: "state", state: "open" });
    this.says({ type: "connected", agentName: "Ada", historyKey: sessionId, callId: "c", agentId: "a", resumed });
  }
  answers(text: string) {
    this.says({ type: "transcript", role: "assistant", text: text.slice(0, 3), isFinal: false });
    this.says({ type: "transcript", role: "assistant", text, isFinal: true });
    this.unanswered.shift();
    this.says({ type: "audioEnd" });
  }
}

let clients: FakeClient[] = [];
let nextFailure: Error | null = null;
let status = 200;
let reply: Record<string, unknown> = REPLY;
let told: string[] = [];

async function widget(attributes: Record<string, string> = {}): Promise<{ root: HTMLElement; shadow: ShadowRoot }> {
  document.body.replaceChildren();
  const root = document.createElement("div");
  for (const [name, value] of Object.entries({ "data-embed-token": "emb_1", ...attributes })) root.setAttribute(name, value);
  document.body.append(root);
  for (const name of ["ready", "hidden", "open", "close", "connected", "message", "ended"]) {
    root.addEventListener(`callstage:${name}`, () => told.push(name));
  }
  const config = readConfig(root, "https://voice.example.com/callstage_embed.js") as Config;
  await new Widget(root, config, (options) => {
    const client = new FakeClient(options);
    client.failure = nextFailure;
    clients.push(client);
    return client as unknown as VoiceClient;
  }).begin();
  return { root, shadow: root.shadowRoot as ShadowRoot };
}

const client = (): FakeClient => clients.at(-1) as FakeClient;
const byLabel = (shadow: ShadowRoot, label: string) => shadow.querySelector<HTMLElement>(`[aria-label="${label}"]`) as HTMLElement;
const part = (shadow: ShadowRoot, name: string) => shadow.querySelector<HTMLElement>(`[part~="${name}"]`) as HTMLElement;
const lines = (shadow: ShadowRoot) => [...part(shadow, "log").children].map((line) => line.textContent);
const text = (shadow: ShadowRoot, role: string) => shadow.querySelector(`[role="${role}"]`)?.textContent;

function write(shadow: ShadowRoot, message: string) {
  const input = shadow.querySelector("textarea") as HTMLTextAreaElement;
  input.value = message;
  input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
}

beforeEach(() => {
  sessionStorage.clear();
  document.documentElement.lang = "en";
  [clients, told, nextFailure, status, reply] = [[], [], null, 200, REPLY];
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(reply), { status }));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the button", () => {
  it("is not there when the visitor is refused, and the page hears no error", async () => {
    status = 403;
    const { root } = await widget();
    expect([root.shadowRoot, told]).toEqual([null, ["hidden"]]);
  });

  it("comes later when too many came at once", async () => {
    vi.useFakeTimers();
    status = 429;
    const { root } = await widget();
    expect([root.shadowRoot, told]).toEqual([null, []]);
    status = 200;
    await vi.advanceTimersByTimeAsync(11_000);
    expect([root.shadowRoot === null, told]).toEqual([false, ["ready"]]);
  });

  it("opens nothing by itself", async () => {
    const { shadow } = await widget();
    expect([clients.length, part(shadow, "panel").hidden, part(shadow, "launcher").hidden]).toEqual([0, true, false]);
  });
});

describe("writing", () => {
  it("is a conversation", async () => {
    const { shadow } = await widget({ "data-mode": "chat" });
    part(shadow, "launcher").click();
    expect(shadow.activeElement).toBe(shadow.querySelector("textarea"));
    expect(part(shadow, "talk")).toBeNull();
    expect(await client().url).toBe("wss://v/ws/voice?token=s.1&mode=chat");
    client().opens();
    client().answers("Hello.");
    write(shadow, "  <b>hi</b> ");
    expect([lines(shadow), client().sent, part(shadow, "waiting").textContent]).toEqual([
      ["Ada: Hello.", "You: <b>hi</b>"],
      ["<b>hi</b>"],
      "…",
    ]);
    expect(text(shadow, "status")).toBe("Ada is writing …");
    client().says({ type: "transcript", role: "user", text: "<b>hi</b>", isFinal: true });
    client().answers("Hi!");
    expect([lines(shadow).length, part(shadow, "waiting"), text(shadow, "status")]).toEqual([3, null, ""]);
    shadow.querySelector("textarea")?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    expect([part(shadow, "panel").hidden, shadow.activeElement]).toEqual([true, part(shadow, "launcher")]);
    expect(client().ended).toBe(false);
    expect(told).toEqual(["ready", "open", "connected", "message", "message", "close"]);
  });

  it("survives a reload, with what was not answered", async () => {
    const first = await widget({ "data-mode": "chat" });
    part(first.shadow, "launcher").click();
    client().opens();
    client().answers("Hello.");
    write(first.shadow, "a rose");
    const before = client();
    const { shadow } = await widget({ "data-mode": "chat" });
    expect(client()).not.toBe(before);
    expect([lines(shadow), part(shadow, "panel").hidden]).toEqual([["Ada: Hello.", "You: a rose"], false]);
    expect([client().options.sessionId, client().options.unanswered]).toEqual(["ses_1", [{ id: "m1", text: "a rose" }]]);
    client().opens("ses_1", true);
    client().answers("A red one?");
    expect([lines(shadow).at(-1), part(shadow, "waiting")]).toEqual(["Ada: A red one?", null]);
    // Everything was answered: going from page to page is no new call.
    const third = await widget({ "data-mode": "chat" });
    expect([lines(third.shadow).length, part(third.shadow, "panel").hidden, clients.length]).toEqual([3, false, 2]);
    write(third.shadow, "yes");
    expect([clients.length, client().options.sessionId, client().options.unanswered, client().sent]).toEqual([3, "ses_1", [], ["yes"]]);
  });

  it("connects with the first message where one can talk, too", async () => {
    const { shadow } = await widget();
    part(shadow, "launcher").click();
    expect([clients.length, part(shadow, "intro").hidden, part(shadow, "intro").textContent]).toEqual([
      0,
      false,
      "Talk to Ada, or write a message.",
    ]);
    part(shadow, "close").click();
    part(shadow, "launcher").click();
    expect(clients.length).toBe(0);
    write(shadow, "hi");
    expect([clients.length, client().options.mode, client().sent, part(shadow, "intro").hidden]).toEqual([1, "chat", ["hi"], true]);
    client().opens();
    // The greeting of an agent that speaks first is no answer yet.
    client().says({ type: "transcript", role: "assistant", text: "Hello.", isFinal: true });
    client().says({ type: "audioEnd" });
    expect([text(shadow, "status"), part(shadow, "waiting").textContent]).toEqual(["Ada is writing …", "…"]);
    client().says({ type: "transcript", role: "user", text: "hi", isFinal: true });
    client().answers("What can I do?");
    expect([lines(shadow), text(shadow, "status")]).toEqual([["You: hi", "Ada: Hello.", "Ada: What can I do?"], ""]);
  });

  it("begins anew only when there is something to say", async () => {
    const { shadow } = await widget();
    part(shadow, "launcher").click();
    write(shadow, "hi");
    client().says({ type: "closed", code: 1000, reason: "over", closing: "ended" });
    part(shadow, "again").click();
    expect([clients.length, lines(shadow), part(shadow, "intro").hidden]).toEqual([1, [], false]);
    expect(shadow.activeElement).toBe(shadow.querySelector("textarea"));
  });

  it("shows who answers when the page was given another agent", async () => {
    const { shadow } = await widget({ "data-mode": "chat" });
    part(shadow, "launcher").click();
    client().opens();
    client().answers("Hello.");
    client().says({ type: "closed", code: 4001, reason: "", closing: "unauthorised" });
    reply = { ...REPLY, agent_name: "Nora" };
    part(shadow, "again").click();
    await client().url;
    expect([shadow.querySelector("h2")?.textContent, shadow.querySelectorAll("[part=panel]").length]).toEqual(["Nora", 1]);
    client().says({ type: "connected", agentName: "Olga", historyKey: "ses_2", callId: "c", agentId: "a", resumed: false });
    expect([shadow.querySelector("h2")?.textContent, part(shadow, "panel").hidden]).toEqual(["Olga", false]);
    // The kept session knows, too.
    const { shadow: next } = await widget({ "data-mode": "chat" });
    expect(next.querySelector("h2")?.textContent).toBe("Olga");
  });

  it("forgets what the agent has forgotten", async () => {
    const first = await widget({ "data-mode": "chat" });
    part(first.shadow, "launcher").click();
    client().opens();
    client().answers("Hello.");
    const { shadow } = await widget({ "data-mode": "chat" });
    write(shadow, "and?");
    client().opens("ses_2", false);
    client().says({ type: "transcript", role: "assistant", text: "Welcome.", isFinal: true });
    expect(lines(shadow)).toEqual(["You: and?", "Ada: Welcome."]);
  });

  it("rests when nobody writes, and goes on with the next message", async () => {
    const { shadow } = await widget({ "data-mode": "chat" });
    part(shadow, "launcher").click();
    client().opens();
    client().says({ type: "closed", code: 1000, reason: "idle", closing: "ended" });
    expect(shadow.querySelector<HTMLElement>('[role="alert"]')?.hidden).toBe(true);
    write(shadow, "one more thing");
    expect([clients.length, client().options.sessionId, client().sent]).toEqual([2, "ses_1", ["one more thing"]]);
  });

  it("says what went wrong, and goes on", async () => {
    const { shadow } = await widget({ "data-mode": "chat" });
    part(shadow, "launcher").click();
    client().opens();
    write(shadow, "hi");
    client().says({ type: "error", message: "no", code: "provider_failed" });
    expect([text(shadow, "alert"), part(shadow, "waiting")]).toEqual(["That did not work. Please write it again.", null]);
    client().says({ type: "closed", code: 4001, reason: "", closing: "unauthorised" });
    expect(text(shadow, "alert")).toContain("Ada is not available at the moment.");
    part(shadow, "again").click();
    expect([clients.length, lines(shadow), client().options.sessionId]).toEqual([2, [], null]);
  });
});

describe("talking", () => {
  it("asks for the microphone on a click, mutes, and hangs up", async () => {
    const { shadow } = await widget({ "data-mode": "voice" });
    part(shadow, "launcher").click();
    expect([clients.length, shadow.activeElement]).toEqual([0, part(shadow, "talk")]);
    part(shadow, "talk").click();
    expect([client().options.mode, client().options.workletUrl]).toEqual(["voice", "https://voice.example.com/callstage_embed.js"]);
    expect(text(shadow, "status")).toBe("Connecting …");
    client().opens();
    expect(text(shadow, "status")).toBe("Listening");
    client().says({ type: "level", input: 0.2, output: 0.5 });
    expect(text(shadow, "status")).toBe("Ada is speaking");
    client().says({ type: "transcript", role: "user", text: "I wo", isFinal: false });
    client().says({ type: "audioStop" });
    client().says({ type: "transcript", role: "user", text: "I would like", isFinal: false });
    expect([lines(shadow), shadow.querySelector(".drafts")?.textContent]).toEqual([[], "I would like"]);
    client().says({ type: "level", input: 0.2, output: 0 });
    byLabel(shadow, "Mute microphone").click();
    expect([client().muted, text(shadow, "status"), byLabel(shadow, "Unmute microphone").getAttribute("aria-pressed")]).toEqual([
      true,
      "Your microphone is muted",
      "true",
    ]);
    client().says({ type: "state", state: "reconnecting" });
    expect(text(shadow, "status")).toBe("Connection lost, trying again …");
    byLabel(shadow, "Hang up").click();
    expect([client().ended, text(shadow, "alert"), shadow.activeElement]).toEqual([
      true,
      "The conversation has ended.New conversation",
      part(shadow, "talk"),
    ]);
  });

  it.each(["denied", "missing", "insecure"] as const)("helps when the microphone is %s", async (trouble) => {
    const { shadow } = await widget();
    part(shadow, "launcher").click();
    nextFailure = new MicrophoneError(trouble);
    part(shadow, "talk").click();
    await vi.waitFor(() => expect(text(shadow, "alert")).toBe(wordsIn("en", "Ada")[trouble]));
    expect(part(shadow, "talk").hidden).toBe(false);
  });

  it("goes on with what was written, and writing goes on with what was said", async () => {
    const { shadow } = await widget();
    part(shadow, "launcher").click();
    write(shadow, "hi");
    client().opens();
    const written = client();
    part(shadow, "talk").click();
    expect([written.ended, client().options.mode, client().options.sessionId]).toEqual([true, "voice", "ses_1"]);
    client().opens("ses_1", true);
    write(shadow, "typed while talking");
    expect([client().sent, clients.length]).toEqual([["typed while talking"], 2]);
    byLabel(shadow, "Hang up").click();
    write(shadow, "and another thing");
    expect([clients.length, client().options.mode, client().options.sessionId, client().sent]).toEqual([
      3,
      "chat",
      "ses_1",
      ["and another thing"],
    ]);
  });

  it("is not offered by agents that write", async () => {
    reply = { ...REPLY, modes: ["chat"] };
    const { shadow } = await widget();
    expect(part(shadow, "talk")).toBeNull();
  });
});

describe("words", () => {
  it("are those of the page", async () => {
    document.documentElement.lang = "de-AT";
    const { shadow } = await widget();
    expect(part(shadow, "launcher").getAttribute("aria-label")).toBe("Gespräch mit Ada öffnen");
    expect(shadow.querySelector("[lang]")?.getAttribute("lang")).toBe("de");
    expect([languageOf("xx", "pt-BR"), languageOf("")]).toEqual(["pt", "en"]);
  });

  it("are all there, with the agent's name as it is", () => {
    for (const [language, words] of Object.entries(LANGUAGES)) {
      expect(Object.keys(words).sort(), language).toEqual(Object.keys(LANGUAGES.en ?? {}).sort());
      for (const [key, sentence] of Object.entries(words))
        expect(sentence.includes("{name}"), `${language} ${key}`).toBe(LANGUAGES.en?.[key as "open"].includes("{name}"));
    }
    expect(wordsIn("en", "$& Co").open).toBe("Open conversation with $& Co");
  });
});
