// Proves WS4 WS5 WS6 E7: a conversation from the click to its end, with a played socket and played sound.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AudioCallbacks, AudioPort } from "./audio";
import { type ClientEvent, VoiceClient, type VoiceClientOptions } from "./client";
import { MicrophoneError } from "./microphone";

class FakeSocket {
  static all: FakeSocket[] = [];
  sent: (string | ArrayBuffer)[] = [];
  bufferedAmount = 0;
  closedWith: number | undefined;
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }
  send(data: string | ArrayBuffer): void {
    this.sent.push(data);
  }
  close(code: number): void {
    this.closedWith = code;
  }
  says(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  drops(code: number, reason = ""): void {
    this.onclose?.({ code, reason });
  }
  get texts(): { type: string; text?: string; id?: string }[] {
    return this.sent.filter((item) => typeof item === "string").map((item) => JSON.parse(item));
  }
}

class FakeAudio implements AudioPort {
  played: ArrayBuffer[] = [];
  calls: string[] = [];
  leftMs = 0;
  constructor(
    readonly callbacks: AudioCallbacks,
    private readonly failure?: Error,
  ) {}
  async start() {
    if (this.failure) throw this.failure;
  }
  play(chunk: ArrayBuffer) {
    this.played.push(chunk);
  }
  clear() {
    this.calls.push("clear");
  }
  finished() {
    this.calls.push("finished");
  }
  mute(isMuted: boolean) {
    this.calls.push(`mute ${isMuted}`);
  }
  stop() {
    this.calls.push("stop");
  }
}

let events: ClientEvent[];
let audio: FakeAudio;

function client(options: Partial<VoiceClientOptions> = {}, failure?: Error): VoiceClient {
  return new VoiceClient({
    url: (sessionId) => `ws://x/${sessionId ?? "new"}`,
    mode: "voice",
    onEvent: (event) => events.push(event),
    makeSocket: (url) => new FakeSocket(url) as unknown as WebSocket,
    makeAudio: (callbacks) => {
      audio = new FakeAudio(callbacks, failure);
      return audio;
    },
    random: () => 0,
    ...options,
  });
}

const socket = (): FakeSocket => FakeSocket.all.at(-1) as FakeSocket;
const kinds = (): string[] => events.map((event) => (event.type === "state" ? event.state : event.type));
const connected = { type: "connected", agentName: "Ada", historyKey: "ses_1" };

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  events = [];
});
afterEach(() => {
  vi.useRealTimers();
});

describe("spoken", () => {
  it("sends the microphone once it is connected, plays what comes, and is silent on audioStop", async () => {
    const talking = client();
    await talking.start();
    audio.callbacks.onChunk(new ArrayBuffer(4));
    expect(socket().sent).toEqual([]);
    socket().says(connected);
    audio.callbacks.onChunk(new ArrayBuffer(8));
    socket().bufferedAmount = 1e6;
    audio.callbacks.onChunk(new ArrayBuffer(8));
    expect(socket().sent.length).toBe(1);
    socket().onmessage?.({ data: new ArrayBuffer(6) });
    socket().says({ type: "audioStop" });
    expect([audio.played.length, audio.calls]).toEqual([1, ["clear"]]);
    audio.callbacks.onInputLevel(0.4);
    expect(events.at(-1)).toEqual({ type: "level", input: 0.4, output: 0 });
    talking.sendDtmf("5");
    talking.sendText(" hello ");
    expect(socket().texts.map(({ type, text }) => [type, text])).toEqual([
      ["dtmf", undefined],
      ["text", "hello"],
    ]);
    talking.end();
    expect(socket().texts.at(-1)?.type).toBe("stop");
    expect(socket().closedWith).toBe(1000);
    expect(audio.calls.at(-1)).toBe("stop");
    expect(kinds()).toEqual(["connecting", "open", "connected", "audioStop", "level", "closed", "closed"]);
  });

  it("says why there is no microphone, and connects to nothing", async () => {
    await expect(client({}, new MicrophoneError("denied")).start()).rejects.toMatchObject({ trouble: "denied" });
    expect(FakeSocket.all).toEqual([]);
    expect(kinds()).toEqual(["connecting", "closed"]);
  });

  it("lets the farewell be heard when the agent hangs up", async () => {
    await client().start();
    socket().says(connected);
    audio.leftMs = 1200;
    socket().drops(1000);
    expect(audio.calls).toEqual(["mute true"]);
    vi.advanceTimersByTime(1200);
    expect(audio.calls).toEqual(["mute true", "stop"]);
    expect(events.at(-1)).toMatchObject({ type: "closed", closing: "ended" });
  });
});

describe("lost connections", () => {
  it("comes back with the session, later each time", async () => {
    await client().start();
    socket().says(connected);
    socket().drops(1006);
    expect(kinds().at(-1)).toBe("reconnecting");
    await vi.advanceTimersByTimeAsync(300);
    expect(FakeSocket.all.map((one) => one.url)).toEqual(["ws://x/new", "ws://x/ses_1"]);
    socket().drops(1006);
    await vi.advanceTimersByTimeAsync(300);
    expect(FakeSocket.all.length).toBe(2);
    await vi.advanceTimersByTimeAsync(300);
    expect(FakeSocket.all.length).toBe(3);
    socket().says(connected);
    expect(kinds().slice(-2)).toEqual(["open", "connected"]);
  });

  it.each([4001, 4003, 4005])("stays away after %i", async (code) => {
    await client().start();
    socket().drops(code, "no");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSocket.all.length).toBe(1);
    expect(events.at(-1)).toMatchObject({ type: "closed", code, reason: "no" });
  });

  it("gives up after a while, and when there is no address", async () => {
    await client().start();
    for (let attempt = 0; attempt < 20; attempt++) {
      socket().drops(1006);
      await vi.advanceTimersByTimeAsync(20_000);
    }
    expect(FakeSocket.all.length).toBe(9);
    expect(events.at(-1)).toMatchObject({ type: "closed", closing: "lost" });
    await client({ url: () => null }).start();
    expect(events.at(-1)).toMatchObject({ type: "closed", closing: "unauthorised" });
    await client({ url: () => Promise.reject(new Error("offline")) }).start();
    expect(events.at(-1)).toEqual({ type: "state", state: "reconnecting" });
  });

  it("does not come back once the visitor has ended it", async () => {
    const talking = client();
    await talking.start();
    socket().says(connected);
    socket().drops(1006);
    talking.end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSocket.all.length).toBe(1);
    talking.sendText("too late");
    expect(kinds().filter((kind) => kind === "closed").length).toBe(2);
  });
});

describe("written", () => {
  it("sends again what has no answer, under the same id", async () => {
    const writing = client({ mode: "chat" });
    writing.sendText("first");
    await writing.start();
    socket().says(connected);
    socket().says({ type: "audioEnd" });
    const [first] = socket().texts;
    expect(first?.text).toBe("first");
    socket().drops(1012);
    await vi.advanceTimersByTimeAsync(300);
    socket().says({ ...connected, resumed: true });
    expect(socket().texts).toEqual([first]);
    socket().says({ type: "audioEnd" });
    socket().says({ type: "audioEnd" });
    writing.sendText("second");
    socket().drops(1006);
    await vi.advanceTimersByTimeAsync(300);
    socket().says(connected);
    expect(socket().texts.map(({ text }) => text)).toEqual(["second"]);
    const afterReload = client({ mode: "chat", sessionId: "ses_1", unanswered: writing.unanswered });
    await afterReload.start();
    socket().says({ ...connected, resumed: true });
    expect(socket().texts).toEqual([expect.objectContaining(writing.unanswered[0])]);
    expect(socket().url).toBe("ws://x/ses_1");
  });
});
