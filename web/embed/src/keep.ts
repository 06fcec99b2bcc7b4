/** What survives a reload of the page, in this tab, for this token and this visitor. Without storage nothing does, and nothing breaks. */

import type { Line, Unanswered } from "@callstage/shared/voice";
import type { Session } from "./sessions";

export interface Conversation {
  sessionId: string | null;
  lines: Line[];
  isOpen: boolean;
  unanswered: readonly Unanswered[];
  savedAt: number;
}

const MOST_LINES = 80;
/** As long as the platform keeps a conversation after its last use (rule WS6). */
const LASTS_MS = 24 * 3600_000;

export class Keep {
  private email = "";

  constructor(
    private readonly token: string,
    private readonly now: () => number = Date.now,
    private readonly storage: Storage | null = tabStorage(),
  ) {}

  /** Whose conversation it is: what one visitor wrote is not shown to the next. */
  visitor(email: string): void {
    this.email = email;
  }

  session(): Session | null {
    const kept = this.read<Session>("session");
    return kept && typeof kept.sessionToken === "string" && typeof kept.expiresAt === "number" ? kept : null;
  }

  putSession(session: Session | null): void {
    this.write("session", session);
  }

  conversation(): Conversation | null {
    const kept = this.read<Conversation>("conversation");
    return kept && Array.isArray(kept.lines) && Array.isArray(kept.unanswered) && this.now() - kept.savedAt < LASTS_MS ? kept : null;
  }

  putConversation(conversation: Omit<Conversation, "savedAt"> | null): void {
    this.write("conversation", conversation && { ...conversation, lines: conversation.lines.slice(-MOST_LINES), savedAt: this.now() });
  }

  private key(name: string): string {
    return `callstage:${name}:${this.token}:${this.email}`;
  }

  private read<T>(name: string): T | null {
    try {
      const value: unknown = JSON.parse(this.storage?.getItem(this.key(name)) ?? "null");
      return typeof value === "object" ? (value as T | null) : null;
    } catch {
      return null;
    }
  }

  private write(name: string, value: object | null): void {
    try {
      if (value === null) this.storage?.removeItem(this.key(name));
      else this.storage?.setItem(this.key(name), JSON.stringify(value));
    } catch {
      // Full, or switched off by the visitor.
    }
  }
}

function tabStorage(): Storage | null {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}
