/** What a refused sign-in says. Pure. */
import { ApiProblem } from "../../api/api";

/** How long the server wants us to wait after too many tries, in s; 0 when it does not. */
export function waitOf(error: unknown): number {
  if (!(error instanceof ApiProblem) || error.status !== 429) return 0;
  const wait = Number(error.body.retry_after_s);
  return Number.isFinite(wait) && wait > 0 ? Math.ceil(wait) : 30;
}

/** "4:05 min", "12 s". */
export function waitInWords(seconds: number): string {
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} min`;
}

/** Only paths of this site: an address of another one would make us a stepping stone. */
export function safeNext(next: string | undefined): string {
  return next && /^\/(?![/\\])[^\\\s]*$/.test(next) && !/^\/sign-in\b/.test(next) ? next : "/";
}
