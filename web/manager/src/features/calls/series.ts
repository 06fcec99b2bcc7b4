/** Calls over time, between the API and a chart. Pure. */
import type { Schemas } from "../../api/api";
import type { CallsSearch } from "../../app/router";
import { count, duration } from "../../ui/format";
import { money } from "./words";

export type CallSeries = Schemas["CallSeries"];
export type CallFigures = Schemas["CallFigures"];

const DAY_MS = 86_400_000;
const LENGTH_S = { hour: 3600, day: 86_400 } as const;
const day = new Intl.DateTimeFormat("en", { weekday: "short", month: "short", day: "numeric" });
const date = new Intl.DateTimeFormat("en", { month: "short", day: "numeric" });
const time = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export function failedCalls(figures: Pick<CallFigures, "failed">): number {
  return Object.values(figures.failed).reduce((sum, calls) => sum + calls, 0);
}

/** Seconds since 1970 at which each hour or day begins, and behind them the end of the last. */
export function edgesOf({ points, bucket }: Pick<CallSeries, "points" | "bucket">): number[] {
  const starts = points.map((point) => Date.parse(point.at) / 1000);
  const last = starts.at(-1);
  return last === undefined ? [] : [...starts, last + LENGTH_S[bucket]];
}

/** Columns of a plot; each value stands in the middle of its hour or day. */
export function columnsOf(series: CallSeries) {
  const edges = edgesOf(series);
  return {
    x: series.points.map((_, at) => ((edges[at] ?? 0) + (edges[at + 1] ?? 0)) / 2),
    calls: series.points.map((point) => point.calls),
    failed: series.points.map(failedCalls),
    p50: series.points.map((point) => point.response_p50_ms),
    p95: series.points.map((point) => point.response_p95_ms),
  };
}

/** Which hour or day holds a moment in seconds; the outer ones hold everything beyond. */
export function bucketAt(edges: readonly number[], seconds: number): number {
  const next = edges.findIndex((edge) => edge > seconds);
  return Math.max(0, (next < 0 ? edges.length - 1 : next) - 1);
}

/** The filter that narrows the list to some hours or days; both ends are in it. */
export function searchWithin(search: CallsSearch, series: CallSeries, first: number, last: number): CallsSearch {
  const from = series.points[first]?.at ?? series.from;
  const to = series.points[last + 1]?.at ?? series.to;
  return { ...search, from: later(from, series.from), to };
}

function later(one: string, other: string): string {
  return Date.parse(one) > Date.parse(other) ? one : other;
}

/** "Tue, Nov 3", "Nov 3, 14:00–15:00". */
export function bucketName(series: Pick<CallSeries, "points" | "bucket">, at: number): string {
  const point = series.points[at];
  if (!point) return "";
  const start = new Date(point.at);
  if (series.bucket === "day") return day.format(start);
  return `${date.format(start)}, ${time.format(start)}–${time.format(new Date(start.getTime() + 3_600_000))}`;
}

/** "Oct 21 – Nov 20": where a span begins and ends, with the time where that matters. */
export function spanName(from: string, to: string | undefined, now = new Date()): string {
  const start = new Date(from);
  const end = to ? new Date(to) : now;
  const isShort = end.getTime() - start.getTime() <= 3 * DAY_MS && !(isMidnight(start) && isMidnight(end));
  const words = new Intl.DateTimeFormat("en", {
    month: "short",
    day: "numeric",
    ...(start.getFullYear() === now.getFullYear() ? {} : { year: "numeric" }),
    ...(isShort ? { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } : {}),
  });
  // A span that ends at midnight ends with the day before.
  const shownEnd = isShort ? end : new Date(end.getTime() - 1);
  const [first, last] = [words.format(start), words.format(shownEnd)];
  return first === last ? first : `${first} – ${last}`;
}

function isMidnight(moment: Date): boolean {
  return moment.getHours() + moment.getMinutes() + moment.getSeconds() + moment.getMilliseconds() === 0;
}

/** What stands under a tick of the time axis: days by their date, hours by their time but for midnight. */
export function tickName(seconds: number, bucket: CallSeries["bucket"]): string {
  const moment = new Date(seconds * 1000);
  return bucket === "hour" && !isMidnight(moment) ? time.format(moment) : date.format(moment);
}

/** What a chart says at one place, for the eye and for screen readers. */
export function figureWords(figures: CallFigures) {
  const ms = (value: number | null) => (value === null ? "–" : duration(value));
  return {
    p50: ms(figures.response_p50_ms),
    p95: ms(figures.response_p95_ms),
    calls: count(figures.calls),
    failed: count(failedCalls(figures)),
    cost: money(figures.cost),
  };
}

/** One sentence instead of the picture. */
export function sentenceOf(series: CallSeries): string {
  const { p50, p95, calls, failed } = figureWords(series.total);
  const times = series.total.response_p50_ms === null ? "no response times yet" : `response time p50 ${p50}, p95 ${p95}`;
  return `${spanName(series.from, series.to)}: ${calls} calls, ${failed} failed, ${times}.`;
}

/** Round values from 0 to at least `most`, about `wanted` steps; whole numbers only where `isWhole`. */
export function roundTicks(most: number, wanted: number, isWhole = false): number[] {
  const rough = Math.max(most, Number.MIN_VALUE) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 2.5, 5, 10].find((candidate) => candidate * power >= rough) ?? 10;
  const step = isWhole ? Math.max(1, Math.ceil(factor * power)) : factor * power;
  return Array.from({ length: Math.max(1, Math.ceil(most / step)) + 1 }, (_, at) => at * step);
}
