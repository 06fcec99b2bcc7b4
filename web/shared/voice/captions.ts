/** The conversation as lines on a screen. Pure. */

import type { Role } from "./messages";

export interface Line {
  id: number;
  role: Role;
  text: string;
  /** False: it still grows. */
  isFinal: boolean;
}

/** Lines after one more transcript message. An interim line of a role is replaced by the next message of that role. */
export function withTranscript(lines: readonly Line[], said: { role: Role; text: string; isFinal: boolean }): Line[] {
  const open = lines.findLastIndex((line) => line.role === said.role && !line.isFinal);
  const text = said.text.trim();
  if (open >= 0) {
    const kept = lines.map((line, index) => (index === open ? { ...line, text, isFinal: said.isFinal } : line));
    return text ? kept : kept.filter((_, index) => index !== open);
  }
  if (!text) return [...lines];
  return [...lines, { id: nextId(lines), role: said.role, text, isFinal: said.isFinal }];
}

/** The agent was interrupted (`role`) or the connection is gone (everybody): what still grew is as long as it will get. */
export function settled(lines: readonly Line[], role?: Role): Line[] {
  return lines.map((line) => (line.isFinal || (role && line.role !== role) ? line : { ...line, isFinal: true }));
}

function nextId(lines: readonly Line[]): number {
  return (lines.at(-1)?.id ?? 0) + 1;
}
