/** One conversation with an agent over `/ws/voice`: spoken or written, with its captions, and back again after a lost connection. */

import { type AudioCallbacks, type AudioPort, browserAudio } from "./audio";
import { backoffMs, type Closing, closingOf } from "./closing";
import { type Mode, parseMessage, type ServerMessage } from "./messages";
import { type Unanswered, Unsent } from "./unanswered";

export type ClientState = "idle" | "connecting" | "open" | "reconnecting" | "closed";

export type ClientEvent =
  | ServerMessage
  | { type: "state"; state: ClientState }
  /** The conversation is over for good. */
  | { type: "closed"; code: number; reason: string; closing: Closing }
  /** 0 to 1, some ten times a second. */
  | { type: "level"; input: number; output: number }
  | { type: "microphoneLost" };

export interface VoiceClientOptions {
  /** Where to connect; asked again for every attempt. `sessionId` is the conversation to go on with. Rejects: not now. Null: give up. */
  url: (sessionId: string | null) => string | null | Promise<string | null>;
  mode: Mode;
  onEvent: (event: ClientEvent) => void;
  /** A conversation to go on with from the start. */
  sessionId?: string | null;
  /** Texts of an earlier client on this conversation that have no answer yet; sent again, answered once. Chat only. */
  unanswered?: readonly Unanswered[];
  /** Script that calls `registerCapture`; voice only. */
  workletUrl?: string;
  /** Default: true. */
  reconnects?: boolean;
  makeSocket?: (url: string) => WebSocket;
  makeAudio?: (callbacks: AudioCallbacks) => AudioPort;
  random?: () => number;
}

const NORMAL = 1000;
/** The farewell of an agent that hangs up is still being played when the socket closes. */
const LONGEST_FAREWELL_MS = 8000;
/** A client that cannot send drops sound rather than letting it pile up. */
const MOST_UNSENT_BYTES = 256_000;

export class VoiceClient {
  private socket: WebSocket | null = null;
  private audio: AudioPort | null = null;
  private state: ClientState = "idle";
  private session: string | null;
  private attempt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private input = 0;
  private output = 0;
  private readonly unsent: Unsent;
  /** In text every connection begins with a reply that answers nothing written: the greeting, or silence. */
  private isOpening = true;

  constructor(private readonly options: VoiceClientOptions) {
    this.session = options.sessionId ?? null;
    this.unsent = new Unsent(options.unanswered);
  }

  /** `historyKey` of the conversation; null before the first connection. */
  get sessionId(): string | null {
    return this.session;
  }

  /** What was written and has no answer yet, for a client that goes on after a reload. */
  get unanswered(): readonly Unanswered[] {
    return this.unsent.all();
  }

  /** Call it in the click that begins the conversation. Voice: asks for the microphone first and rejects with MicrophoneError. */
  async start(): Promise<void> {
    if (this.state !== "idle") return;
    this.become("connecting");
    if (this.options.mode === "voice") {
      const audio = (this.options.makeAudio ?? ((callbacks) => browserAudio(this.options.workletUrl ?? "", callbacks)))(this.callbacks());
      this.audio = audio;
      try {
        await audio.start();
      } catch (error) {
        this.stopAudio();
        this.become("closed");
        throw error;
      }
      if (this.isOver()) return;
    }
    await this.connect();
  }

  /** Typed by the visitor. What is written before the connection stands is sent when it does. */
  sendText(text: string): void {
    const trimmed = text.trim();
    if (!trimmed || this.isOver()) return;
    const item = this.unsent.add(trimmed);
    if (this.state === "open") this.sendItem(item.id, item.text);
  }

  /** One of 0-9 * #. */
  sendDtmf(digit: string): void {
    this.send({ type: "dtmf", digit });
  }

  mute(isMuted: boolean): void {
    this.audio?.mute(isMuted);
  }

  /** The visitor ends the conversation. */
  end(): void {
    if (this.isOver()) return;
    this.send({ type: "stop" });
    this.finish(NORMAL, "", "ended", 0);
  }

  private async connect(): Promise<void> {
    let url: string | null;
    try {
      url = await this.options.url(this.session);
    } catch {
      if (!this.isOver()) this.onClose(1006, "");
      return;
    }
    if (this.isOver()) return;
    if (url === null) {
      this.finish(4001, "", "unauthorised", 0);
      return;
    }
    const socket = (this.options.makeSocket ?? ((address) => new WebSocket(address)))(url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      if (this.socket !== socket) return;
      if (typeof event.data === "string") this.onMessage(event.data);
      else this.audio?.play(event.data);
    };
    socket.onclose = (event) => {
      if (this.socket === socket) this.onClose(event.code, event.reason);
    };
  }

  private onMessage(data: string): void {
    const message = parseMessage(data);
    if (message === null) return;
    switch (message.type) {
      case "connected":
        this.session = message.historyKey || this.session;
        this.attempt = 0;
        this.become("open");
        this.options.onEvent(message);
        this.isOpening = true;
        for (const item of [...this.unsent.all()]) this.sendItem(item.id, item.text);
        return;
      case "audioStop":
        this.audio?.clear();
        break;
      case "audioEnd":
        this.audio?.finished();
        break;
    }
    if (message.type === "audioEnd" && this.options.mode === "chat") {
      if (!this.isOpening) this.unsent.answered();
      this.isOpening = false;
    }
    this.options.onEvent(message);
  }

  private onClose(code: number, reason: string): void {
    this.socket = null;
    const closing = closingOf(code);
    const waitMs = this.options.reconnects === false ? null : backoffMs(this.attempt, closing, (this.options.random ?? Math.random)());
    if (waitMs === null) {
      this.finish(code, reason, closing, closing === "ended" ? Math.min(LONGEST_FAREWELL_MS, this.audio?.leftMs ?? 0) : 0);
      return;
    }
    this.attempt += 1;
    this.audio?.clear();
    this.become("reconnecting");
    this.timer = setTimeout(() => void this.connect(), waitMs);
  }

  private finish(code: number, reason: string, closing: Closing, audioMs: number): void {
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    if (socket !== null) socket.close(NORMAL);
    this.audio?.mute(true);
    if (audioMs > 0) setTimeout(() => this.stopAudio(), audioMs);
    else this.stopAudio();
    this.become("closed");
    this.options.onEvent({ type: "closed", code, reason, closing });
  }

  private stopAudio(): void {
    this.audio?.stop();
    this.audio = null;
  }

  private callbacks(): AudioCallbacks {
    const tell = () => this.options.onEvent({ type: "level", input: this.input, output: this.output });
    return {
      onChunk: (pcm) => {
        const socket = this.socket;
        if (this.state === "open" && socket !== null && socket.bufferedAmount < MOST_UNSENT_BYTES) socket.send(pcm);
      },
      onInputLevel: (level) => {
        this.input = level;
        tell();
      },
      onOutputLevel: (level) => {
        this.output = level;
        tell();
      },
      onMicrophoneLost: () => this.options.onEvent({ type: "microphoneLost" }),
    };
  }

  private sendItem(id: string, text: string): void {
    this.send({ type: "text", text, id });
    if (this.options.mode === "voice") this.unsent.answered();
  }

  private send(message: Record<string, string>): void {
    if (this.socket !== null && this.state === "open") this.socket.send(JSON.stringify(message));
  }

  private become(state: ClientState): void {
    if (this.state === state) return;
    this.state = state;
    this.options.onEvent({ type: "state", state });
  }

  private isOver(): boolean {
    return this.state === "closed";
  }
}
