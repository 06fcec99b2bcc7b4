/** The filter of the list of calls, between the address and the API. Pure. */
import type { CallsSearch } from "../../app/router";
import { spanName } from "./series";

export const SPANS = [
  { value: "", label: "Any time" },
  { value: "today", label: "Today" },
  { value: "7d", label: "Last 7 days" },
  { value: "30d", label: "Last 30 days" },
  { value: "90d", label: "Last 90 days" },
  { value: "365d", label: "Last year" },
] as const;

/** The spans, and the one that was dragged or typed. */
export function spansWith({ from, to }: CallsSearch, now = new Date()): { value: string; label: string }[] {
  const start = startOf(from, now);
  if (!from || !start || SPANS.some((span) => span.value === from)) return [...SPANS];
  return [...SPANS, { value: from, label: spanName(start, endOf(to), now) }];
}

const DAY_MS = 86_400_000;

/** `from` is a span or a moment; spans are counted from now, so that a saved view goes on moving. */
export function startOf(from: string | undefined, now = new Date()): string | undefined {
  if (!from) return undefined;
  if (from === "today") return new Date(now.getFullYear(), now.getMonth(), now.getDate()).toISOString();
  const days = /^(\d+)d$/.exec(from);
  if (days) return new Date(now.getTime() - Number(days[1]) * DAY_MS).toISOString();
  const moment = Date.parse(from);
  return Number.isNaN(moment) ? undefined : new Date(moment).toISOString();
}

/** A date without a time means: until the end of that day. */
export function endOf(to: string | undefined): string | undefined {
  if (!to) return undefined;
  const moment = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(to) ? `${to}T00:00:00` : to);
  if (Number.isNaN(moment)) return undefined;
  return new Date(/^\d{4}-\d{2}-\d{2}$/.test(to) ? moment + DAY_MS : moment).toISOString();
}

/** The query of the API. What the address says wrongly is left to the API to refuse. */
export function queryOf(search: CallsSearch, now = new Date()): Record<string, string | boolean> {
  const { from, to, is_test, ...rest } = search;
  const query: Record<string, string | boolean> = {};
  for (const [name, value] of Object.entries(rest)) if (value) query[name] = value;
  const start = startOf(from, now);
  const end = endOf(to);
  if (start) query.from = start;
  if (end) query.to = end;
  if (is_test === "true" || is_test === "false") query.is_test = is_test === "true";
  return query;
}

/** Where the file is. */
export function exportAddress(search: CallsSearch, format: "csv" | "jsonl"): string {
  const query = new URLSearchParams({ format });
  for (const [name, value] of Object.entries(queryOf(search))) query.set(name, String(value));
  return `/v1/calls/export?${query}`;
}
