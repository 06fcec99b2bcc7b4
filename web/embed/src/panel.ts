/** What the visitor sees. Built once; `show` brings it up to date. It decides nothing. */

import type { Line } from "@callstage/shared/voice";
import type { Position, Theme, WidgetMode } from "./config";
import { el, ICONS, icon, set } from "./dom";
import type { Words } from "./words";

export interface View {
  isOpen: boolean;
  /** A spoken conversation runs, or is about to. */
  isTalking: boolean;
  isMuted: boolean;
  status: string;
  /** The status tells only whose turn it is. */
  isTurn: boolean;
  lines: readonly Line[];
  /** The agent is about to write. */
  isWaiting: boolean;
  /** Nothing was said yet, and nobody is connecting. */
  isNew: boolean;
  notice: { text: string; isBad: boolean; offersNew: boolean } | null;
}

export interface PanelActions {
  open(): void;
  close(): void;
  talk(): void;
  hangUp(): void;
  mute(): void;
  write(text: string): void;
  again(): void;
}

export interface PanelOptions {
  mode: WidgetMode;
  position: Position;
  theme: Theme;
  language: string;
  agentName: string;
  words: Words;
}

const LONGEST_TEXT = 4000;

export class Panel {
  private readonly words: Words;
  private readonly status = el("p", { class: "status", role: "status" });
  private readonly log: HTMLElement;
  private readonly drafts = el("div", { class: "drafts", "aria-hidden": "true" });
  private readonly notice = el("div", { class: "notice", role: "alert", hidden: true });
  private readonly scroll = el("div", { class: "scroll" });
  private readonly input: HTMLTextAreaElement;
  private readonly talk: HTMLButtonElement;
  private readonly call: HTMLElement;
  private readonly mic: HTMLButtonElement;
  private readonly hint: HTMLElement;
  private readonly intro: HTMLElement;
  private readonly launcher: HTMLButtonElement;
  private readonly dialog: HTMLElement;
  private readonly frame: HTMLElement;
  private readonly shown = new Map<number, HTMLElement>();
  private noticeText = "";
  private wasOpen = false;
  private wasTalking = false;

  constructor(
    shadow: ShadowRoot,
    private readonly options: PanelOptions,
    private readonly actions: PanelActions,
  ) {
    const { words } = options;
    this.words = words;
    this.log = el("div", { class: "log", part: "log", role: "log", "aria-live": "polite", "aria-label": words.log, tabindex: "0" });
    this.input = el("textarea", {
      rows: "1",
      maxlength: String(LONGEST_TEXT),
      placeholder: words.write,
      "aria-label": words.write,
      enterkeyhint: "send",
      keydown: (event) => this.onKey(event as KeyboardEvent),
    });
    this.talk = el("button", { type: "button", class: "main", part: "talk", click: () => actions.talk() }, icon(ICONS.mic), words.talk);
    this.mic = el("button", { type: "button", class: "round mic", part: "mute", click: () => actions.mute() });
    const hangUp = el("button", {
      type: "button",
      class: "round hang",
      part: "hang-up",
      "aria-label": words.hangUp,
      click: () => actions.hangUp(),
    });
    hangUp.append(icon(ICONS.hangUp));
    this.call = el("div", { class: "call", hidden: true }, this.mic, hangUp);
    this.hint = el("p", { class: "hint" }, words.hint);
    this.intro = el("p", { class: "hint", part: "intro" }, words.intro);
    this.dialog = this.makeDialog();
    this.launcher = el("button", {
      type: "button",
      class: "launch",
      part: "launcher",
      "aria-haspopup": "dialog",
      click: () => actions.open(),
    });
    this.launcher.append(icon(options.mode === "voice" ? ICONS.mic : ICONS.chat));
    this.frame = el("div", { class: `w ${options.position} ${options.theme}`, lang: options.language }, this.dialog, this.launcher);
    shadow.append(this.frame);
  }

  show(view: View): void {
    this.showFrame(view);
    // Who speaks is heard; a screen reader that says it would speak into the conversation.
    set(this.status, "aria-live", view.isTurn ? "off" : "polite");
    this.status.textContent = view.status;
    this.showLines(view);
    this.showNotice(view.notice);
    this.talk.hidden = view.isTalking;
    this.hint.hidden = view.isTalking || this.options.mode !== "voice";
    this.intro.hidden = !view.isNew || this.options.mode !== "both";
    this.call.hidden = !view.isTalking;
    set(this.mic, "aria-label", view.isMuted ? this.words.unmute : this.words.mute);
    set(this.mic, "aria-pressed", view.isMuted ? "true" : "false");
    this.mic.replaceChildren(icon(view.isMuted ? ICONS.micOff : ICONS.mic));
    this.moveFocus(view);
  }

  /** Loudness of both sides, 0 to 1. */
  showLevel(input: number, output: number): void {
    this.mic.style.setProperty("--level", input.toFixed(2));
    this.launcher.style.setProperty("--level", Math.max(input, output).toFixed(2));
  }

  remove(): void {
    this.frame.remove();
  }

  private makeDialog(): HTMLElement {
    const { mode, agentName } = this.options;
    const close = el("button", {
      type: "button",
      class: "round",
      part: "close",
      "aria-label": this.words.close,
      click: () => this.actions.close(),
    });
    close.append(icon(ICONS.close));
    const title = el("h2", { id: "title" }, agentName);
    const head = el("div", { class: "head" }, el("div", { class: "title" }, title, this.status), close);
    this.scroll.append(this.intro, this.log, this.drafts, this.notice);
    const foot = el("div", { class: "foot" });
    if (mode !== "chat") foot.append(el("div", { class: "call" }, this.talk), this.call, this.hint);
    if (mode !== "voice") foot.append(this.makeForm());
    return el(
      "section",
      {
        class: "panel",
        part: "panel",
        role: "dialog",
        "aria-labelledby": "title",
        hidden: true,
        keydown: (event) => {
          if ((event as KeyboardEvent).key !== "Escape") return;
          event.stopPropagation();
          this.actions.close();
        },
      },
      head,
      this.scroll,
      foot,
    );
  }

  private makeForm(): HTMLElement {
    const send = el("button", { type: "submit", class: "round send", part: "send", "aria-label": this.words.send });
    send.append(icon(ICONS.send));
    return el(
      "form",
      {
        submit: (event) => {
          event.preventDefault();
          this.submit();
        },
      },
      this.input,
      send,
    );
  }

  private onKey(event: KeyboardEvent): void {
    // Keys of the page (shortcuts of a shop's search, say) are not meant here.
    event.stopPropagation();
    if (event.key === "Escape") this.actions.close();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.submit();
  }

  private submit(): void {
    const text = this.input.value.trim();
    if (!text) return;
    this.input.value = "";
    this.actions.write(text);
  }

  private showFrame(view: View): void {
    this.dialog.hidden = !view.isOpen;
    this.frame.classList.toggle("open", view.isOpen);
    this.launcher.hidden = view.isOpen;
    this.launcher.classList.toggle("live", view.isTalking);
    set(this.launcher, "aria-label", view.isTalking ? this.words.running : this.words.open);
  }

  private showLines(view: View): void {
    const isAtEnd = this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < 60;
    const finals = view.lines.filter((line) => line.isFinal);
    const ids = new Set(finals.map((line) => line.id));
    for (const [id, element] of this.shown) {
      if (ids.has(id)) continue;
      element.remove();
      this.shown.delete(id);
    }
    for (const line of finals) {
      if (this.shown.has(line.id)) continue;
      const element = this.bubble(line, true);
      this.shown.set(line.id, element);
      this.log.append(element);
    }
    const drafts = view.lines.filter((line) => !line.isFinal).map((line) => this.bubble(line, false));
    if (view.isWaiting && drafts.length === 0) drafts.push(el("p", { class: "line assistant", part: "waiting" }, "…"));
    this.drafts.replaceChildren(...drafts);
    if (isAtEnd || finals.at(-1)?.role === "user") this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  private bubble(line: Line, isFinal: boolean): HTMLElement {
    const speaker = line.role === "user" ? this.words.you : this.options.agentName;
    const element = el("p", { class: `line ${line.role}`, part: `line ${line.role}` });
    if (isFinal) element.append(el("span", { class: "sr" }, `${speaker}: `));
    element.append(line.text);
    return element;
  }

  private showNotice(notice: View["notice"]): void {
    const key = notice ? `${notice.text}${notice.offersNew}` : "";
    if (key === this.noticeText) return;
    this.noticeText = key;
    this.notice.hidden = notice === null;
    this.notice.className = notice?.isBad ? "notice bad" : "notice";
    this.notice.replaceChildren(notice?.text ?? "");
    if (notice?.offersNew) {
      const begin = () => {
        this.actions.again();
        // The button that was pressed is gone now.
        this.start.focus();
      };
      const again = el("button", { type: "button", class: "plain", part: "again", click: begin }, this.words.again);
      this.notice.append(el("div", {}, again));
    }
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  /** Where a conversation is begun. */
  private get start(): HTMLElement {
    return this.options.mode === "voice" ? this.talk : this.input;
  }

  private moveFocus(view: View): void {
    if (view.isOpen !== this.wasOpen) {
      this.wasOpen = view.isOpen;
      if (!view.isOpen) this.launcher.focus();
      else (view.isTalking && this.options.mode === "voice" ? this.mic : this.start).focus();
    } else if (view.isTalking !== this.wasTalking && view.isOpen) {
      // The button that was pressed is gone now.
      (view.isTalking ? this.mic : this.start).focus();
    }
    this.wasTalking = view.isTalking;
  }
}
