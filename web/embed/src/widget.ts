/** One widget on a page: from the exchange of its token to the end of the conversation. */

import {
  type ClientEvent,
  type Closing,
  type Line,
  MicrophoneError,
  settled,
  type Unanswered,
  VoiceClient,
  type VoiceClientOptions,
  voiceUrl,
  withTranscript,
} from "@callstage/shared/voice";
import { type Config, modeOf, type WidgetMode } from "./config";
import { Keep } from "./keep";
import { Panel, type PanelActions } from "./panel";
import { NoSession, type Session, Sessions } from "./sessions";
import { dress } from "./style";
import { languageOf, type Words, wordsIn } from "./words";

const MOST_RETRIES = 5;

type MakeClient = (options: VoiceClientOptions) => VoiceClient;

export class Widget implements PanelActions {
  private readonly keep: Keep;
  private readonly sessions: Sessions;
  private panel: Panel | null = null;
  private words: Words = wordsIn("en", "");
  private mode: WidgetMode = "both";
  private session: Session | null = null;
  private client: VoiceClient | null = null;
  private kind: "voice" | "chat" | null = null;
  private sessionId: string | null = null;
  private lines: Line[] = [];
  private unanswered: readonly Unanswered[] = [];
  /** Written here and shown at once; the server says it again. */
  private echoes: string[] = [];
  private isOpen = false;
  private isMuted = false;
  private isWaiting = false;
  private isSpeaking = false;
  private state: "idle" | "connecting" | "open" | "reconnecting" = "idle";
  private notice: { text: string; isBad: boolean; offersNew: boolean } | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly root: HTMLElement,
    private readonly config: Config,
    private readonly makeClient: MakeClient = (options) => new VoiceClient(options),
  ) {
    this.keep = new Keep(config.token);
    this.sessions = new Sessions(config, this.keep);
  }

  /** Shows the button, or stays hidden (rule E5): a page never gets an error from here. */
  async begin(attempt = 0): Promise<void> {
    try {
      this.build(await this.sessions.current());
    } catch (error) {
      if (error instanceof NoSession && error.outcome === "later" && attempt < MOST_RETRIES) {
        const spread = 1 + Math.random();
        this.timer = setTimeout(() => void this.begin(attempt + 1), Math.max(1000, error.retryMs) * spread);
        return;
      }
      this.tell("hidden");
    }
  }

  // What the page may do.

  open(): void {
    if (this.panel === null || this.isOpen) return;
    this.isOpen = true;
    this.tell("open");
    this.update();
    this.meet();
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.tell("close");
    this.update();
  }

  destroy(): void {
    clearTimeout(this.timer);
    this.leave();
    this.panel?.remove();
    this.panel = null;
  }

  // What the visitor does.

  talk(): void {
    this.leave();
    this.notice = null;
    this.isMuted = false;
    const client = this.connect("voice");
    client.start().catch((error: unknown) => {
      if (this.client !== client) return;
      this.client = this.kind = null;
      this.state = "idle";
      this.fail(error instanceof MicrophoneError ? this.words[error.trouble] : this.words.missing);
    });
    this.update();
  }

  hangUp(): void {
    this.client?.end();
  }

  mute(): void {
    this.isMuted = !this.isMuted;
    this.client?.mute(this.isMuted);
    this.update();
  }

  write(text: string): void {
    this.notice = null;
    this.lines = withTranscript(settled(this.lines), { role: "user", text, isFinal: true });
    this.echoes.push(text);
    this.isWaiting = this.kind !== "voice";
    if (this.client === null) this.startChat();
    this.client?.sendText(text);
    this.save();
    this.update();
  }

  again(): void {
    this.leave();
    this.sessionId = null;
    this.lines = [];
    this.unanswered = [];
    this.echoes = [];
    this.notice = null;
    this.keep.putConversation(null);
    this.meet();
    this.update();
  }

  // The conversation.

  private build(session: Session): void {
    if (!this.introduce(session)) {
      this.tell("hidden");
      return;
    }
    const kept = this.keep.conversation();
    this.sessionId = kept?.sessionId ?? null;
    this.lines = kept?.lines ?? [];
    this.unanswered = kept?.unanswered ?? [];
    this.echoes = this.unanswered.map((item) => item.text);
    this.update();
    this.tell("ready");
    if (kept?.isOpen && this.mode !== "voice") this.open();
  }

  /** The panel for the agent of a session: made once, and again when the page has another agent by now. False: it offers nothing. */
  private introduce(session: Session): boolean {
    const mode = modeOf(this.config.mode, session.modes);
    if (mode === null) return false;
    const isKnown = this.panel !== null && mode === this.mode && session.agentName === this.session?.agentName;
    this.session = session;
    if (isKnown) return true;
    this.mode = mode;
    const language = languageOf(this.config.language, document.documentElement.lang, session.language, navigator.language);
    this.words = wordsIn(language, session.agentName);
    const shadow = this.root.shadowRoot ?? this.root.attachShadow({ mode: "open" });
    if (this.panel === null) dress(shadow);
    this.panel?.remove();
    const { position, theme } = this.config;
    this.panel = new Panel(shadow, { mode, position, theme, language, agentName: session.agentName, words: this.words }, this);
    this.update();
    return true;
  }

  /** Who answers: since the session was opened the page may have been given another agent. */
  private meetAgent(agentName: string): void {
    if (this.session === null || this.panel === null || !agentName || agentName === this.session.agentName) return;
    const met = { ...this.session, agentName };
    this.keep.putSession(met);
    this.introduce(met);
  }

  /**
   * Connects only when there is something to say: each connection is a call in the owner's records. Where there is nothing but
   * writing, an agent that speaks first has something to say at once; what has no answer yet is asked again.
   */
  private meet(): void {
    const isAwaited = this.mode === "chat" && this.sessionId === null;
    if (this.client === null && this.mode !== "voice" && (isAwaited || this.unanswered.length > 0)) this.startChat();
  }

  private startChat(): void {
    this.isWaiting = this.echoes.length > 0;
    void this.connect("chat").start();
    this.update();
  }

  private connect(kind: "voice" | "chat"): VoiceClient {
    const asked = this.sessionId;
    this.kind = kind;
    this.isSpeaking = false;
    const client = this.makeClient({
      mode: kind,
      sessionId: asked,
      unanswered: kind === "chat" ? this.unanswered : [],
      workletUrl: this.config.scriptUrl,
      url: async (sessionId) => {
        try {
          const session = await this.sessions.current();
          if (this.panel !== null) this.introduce(session);
          return voiceUrl(session.wsUrl, { token: session.sessionToken, sessionId, mode: kind });
        } catch (error) {
          if (error instanceof NoSession && error.outcome === "refused") return null;
          throw error;
        }
      },
      onEvent: (event) => {
        if (this.client === client) this.on(event, asked);
      },
    });
    this.unanswered = [];
    this.client = client;
    return client;
  }

  /** The client of now is not listened to any more. */
  private leave(): void {
    const client = this.client;
    this.client = this.kind = null;
    this.state = "idle";
    this.isWaiting = this.isSpeaking = false;
    this.lines = settled(this.lines);
    client?.end();
  }

  private on(event: ClientEvent, asked: string | null): void {
    switch (event.type) {
      case "level":
        this.panel?.showLevel(event.input, event.output);
        if (event.output > 0 === this.isSpeaking) return;
        this.isSpeaking = event.output > 0;
        break;
      case "state":
        if (event.state !== "closed") this.state = event.state;
        if (event.state === "reconnecting") this.lines = settled(this.lines);
        break;
      case "connected":
        // The old conversation is not there any more: what stands on the screen is unknown to the agent.
        if (asked !== null && !event.resumed && asked !== event.historyKey && this.sessionId === asked)
          this.lines = this.lines.slice(this.firstUnanswered());
        this.sessionId = event.historyKey;
        this.notice = null;
        this.meetAgent(event.agentName);
        this.save();
        this.tell("connected", { sessionId: event.historyKey, mode: this.kind });
        break;
      case "transcript":
        if (event.role === "user" && event.isFinal && this.wasShown(event.text)) return;
        this.lines = withTranscript(this.lines, event);
        if (event.role === "assistant" && event.isFinal) this.isWaiting = false;
        if (event.isFinal) {
          this.save();
          this.tell("message", { role: event.role, text: event.text });
        }
        break;
      case "audioStop":
        this.lines = settled(this.lines, "assistant");
        break;
      case "audioEnd":
        this.lines = settled(this.lines, "assistant");
        if (this.kind === "chat") {
          // A turn that is answered for the second time is not said again.
          const left = this.client?.unanswered.length ?? 0;
          this.echoes = left ? this.echoes.slice(-left) : [];
          this.isWaiting = this.echoes.length > 0;
        }
        this.save();
        break;
      case "error":
        this.isWaiting = false;
        this.echoes = [];
        this.notice = { text: this.words.failed, isBad: true, offersNew: false };
        break;
      case "microphoneLost":
        this.notice = { text: this.words.missing, isBad: true, offersNew: false };
        break;
      case "closed":
        this.onClosed(event.closing, event.reason, event.code);
        break;
      default:
        return;
    }
    this.update();
  }

  private onClosed(closing: Closing, reason: string, code: number): void {
    this.client = this.kind = null;
    this.state = "idle";
    this.isWaiting = this.isSpeaking = false;
    this.echoes = [];
    this.lines = settled(this.lines);
    this.panel?.showLevel(0, 0);
    // 4005: the page has an agent by now that cannot be reached this way.
    if (closing === "unauthorised" || code === 4005) this.sessions.forget();
    const text = {
      ended: this.words.over,
      lost: this.words.lost,
      busy: this.words.busy,
      unauthorised: this.words.unavailable,
      unavailable: this.words.unavailable,
    };
    // Nobody wrote for a while: the next message goes on with the conversation.
    this.notice = reason === "idle" ? null : { text: text[closing], isBad: closing !== "ended", offersNew: true };
    this.save();
    this.tell("ended", { reason: closing });
  }

  private fail(text: string): void {
    this.notice = { text, isBad: true, offersNew: false };
    this.update();
  }

  private wasShown(text: string): boolean {
    const index = this.echoes.indexOf(text.trim());
    if (index >= 0) this.echoes.splice(index, 1);
    return index >= 0;
  }

  private firstUnanswered(): number {
    return this.echoes.length ? -this.echoes.length : this.lines.length;
  }

  private get status(): string {
    if (this.kind === null) return "";
    if (this.state === "connecting" || this.state === "idle") return this.words.connecting;
    if (this.state === "reconnecting") return this.words.reconnecting;
    if (this.kind === "chat") return this.isWaiting ? this.words.writing : "";
    if (this.isSpeaking) return this.words.speaking;
    return this.isMuted ? this.words.muted : this.words.listening;
  }

  private update(): void {
    this.panel?.show({
      isOpen: this.isOpen,
      isTalking: this.kind === "voice",
      isMuted: this.isMuted,
      status: this.status,
      isTurn: this.kind === "voice" && this.state === "open" && !this.isMuted,
      lines: this.lines,
      isWaiting: this.isWaiting,
      isNew: this.kind === null && this.lines.length === 0 && this.notice === null,
      notice: this.notice,
    });
    if (this.panel) this.saveOpen();
  }

  private wasOpen = false;

  private saveOpen(): void {
    if (this.wasOpen === this.isOpen) return;
    this.wasOpen = this.isOpen;
    this.save();
  }

  private save(): void {
    if (this.sessionId === null && this.lines.length === 0 && !this.isOpen) return;
    this.keep.putConversation({
      sessionId: this.sessionId,
      lines: this.lines.filter((line) => line.isFinal),
      isOpen: this.isOpen,
      unanswered: this.client?.unanswered ?? this.unanswered,
    });
  }

  /** An event for the page's own scripts. */
  private tell(name: string, detail: Record<string, unknown> = {}): void {
    this.root.dispatchEvent(new CustomEvent(`callstage:${name}`, { bubbles: true, detail }));
  }
}
