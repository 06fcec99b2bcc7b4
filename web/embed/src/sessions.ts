/** Sessions of the visitor: exchanged for the embed token (rule E3), kept for as long as they last. */

import type { Config, Identity } from "./config";
import type { Keep } from "./keep";

export interface Session {
  sessionToken: string;
  wsUrl: string;
  agentName: string;
  language: string;
  modes: string[];
  /** Unix milliseconds. */
  expiresAt: number;
}

/** `refused`: not for this visitor, on this page, with this token: stay hidden. `later`: ask again after `retryMs`. */
export class NoSession extends Error {
  constructor(
    readonly outcome: "refused" | "later",
    readonly retryMs = 0,
  ) {
    super(outcome);
  }
}

const EARLY_MS = 60_000;
/** Less than the two minutes that the platform allows. */
const VOUCHED_MS = 60_000;
const TIMEOUT_MS = 10_000;
const LATER_MS = 5000;

export class Sessions {
  /** Undefined: the page was not asked who the visitor is. */
  private identity: Identity | null | undefined;
  /** When the page vouched for the visitor; null: what it said is used up. */
  private vouchedAt: number | null = null;

  constructor(
    private readonly config: Config,
    private readonly keep: Keep,
    private readonly now: () => number = Date.now,
  ) {}

  /** A session that is good for a while. Raises NoSession. */
  async current(): Promise<Session> {
    if (this.identity === undefined) await this.learnIdentity();
    const kept = this.keep.session();
    if (kept && kept.expiresAt - EARLY_MS > this.now()) return kept;
    if (this.vouchedAt === null || this.now() - this.vouchedAt > VOUCHED_MS) await this.learnIdentity();
    // What vouches for a visitor opens one session.
    this.vouchedAt = null;
    const session = await this.exchange(this.identity ?? null);
    this.keep.putSession(session);
    return session;
  }

  /** The server does not take it any more. */
  forget(): void {
    this.keep.putSession(null);
  }

  private async learnIdentity(): Promise<void> {
    this.identity = this.config.identityUrl ? await this.askPage(this.config.identityUrl) : this.config.identity;
    this.vouchedAt = this.now();
    this.keep.visitor(this.identity?.user_email ?? "");
  }

  private async askPage(url: string): Promise<Identity | null> {
    try {
      const reply = await fetch(url, {
        credentials: "include",
        headers: { accept: "application/json" },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const body: unknown = reply.ok ? await reply.json() : null;
      return isIdentity(body) ? { user_email: body.user_email, user_hash: body.user_hash, user_ts: body.user_ts } : null;
    } catch {
      return null;
    }
  }

  private async exchange(identity: Identity | null): Promise<Session> {
    let reply: Response;
    try {
      reply = await fetch(`${this.config.api}/api/embed/session`, {
        method: "POST",
        credentials: "omit",
        headers: { authorization: `Bearer ${this.config.token}`, "content-type": "application/json" },
        body: JSON.stringify(identity ?? {}),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch {
      throw new NoSession("later", LATER_MS);
    }
    if (reply.status === 429 || reply.status >= 500) {
      const seconds = Number(reply.headers.get("retry-after"));
      throw new NoSession("later", seconds > 0 ? seconds * 1000 : LATER_MS);
    }
    if (!reply.ok) throw new NoSession("refused");
    const body = (await reply.json()) as Record<string, unknown>;
    return {
      sessionToken: String(body.session_token),
      wsUrl: String(body.ws_url),
      agentName: String(body.agent_name),
      language: String(body.language),
      modes: Array.isArray(body.modes) ? body.modes.map(String) : [],
      expiresAt: this.now() + Number(body.expires_in) * 1000,
    };
  }
}

function isIdentity(value: unknown): value is Identity {
  if (typeof value !== "object" || value === null) return false;
  const { user_email: email, user_hash: hash, user_ts: ts } = value as Record<string, unknown>;
  return typeof email === "string" && typeof hash === "string" && (typeof ts === "string" || typeof ts === "number");
}
