/** A call on one axis: milliseconds since it was answered. Pure. */
import type { Schemas } from "../../api/api";

export type CallDetail = Schemas["CallDetail"];
export type Line = Schemas["TranscriptLine"];
export type ToolRun = Schemas["ToolRunView"];
export type Waterfall = Schemas["Waterfall"];

export interface Span {
  from: number;
  to: number;
}

export interface ToolSpan extends Span {
  run: ToolRun;
}

export interface StageMark {
  at: number;
  stage: string;
  byTool: string | null;
}

/** What was answered at `answered_at` is moment 0; a call that was never answered counts from its start. */
export function momentOf(call: Pick<CallDetail, "answered_at" | "started_at">, iso: string): number {
  return Math.max(0, Date.parse(iso) - Date.parse(call.answered_at ?? call.started_at));
}

/** Length of the axis: whatever lasted longest. */
export function lengthOf(call: CallDetail): number {
  const said = call.transcript.reduce((longest, line) => Math.max(longest, line.ended_at_ms), 0);
  return Math.max(1000, call.duration_ms ?? 0, call.recording?.duration_ms ?? 0, said);
}

/** Tool runs by the waterfalls where they stand there (exact), else by when they were told. */
export function toolSpans(call: CallDetail): ToolSpan[] {
  const exact = new Map<string, Span>();
  for (const line of call.transcript) {
    for (const tool of line.waterfall?.tools ?? []) exact.set(tool.run_key, { from: tool.start_ms, to: tool.end_ms });
  }
  return call.tool_runs.map((run) => {
    const to = momentOf(call, run.at);
    return { run, ...(exact.get(run.run_key) ?? { from: Math.max(0, to - run.duration_ms), to }) };
  });
}

export function stageMarks(call: CallDetail): StageMark[] {
  return call.stages.map((visit) => ({ at: momentOf(call, visit.at), stage: visit.stage, byTool: visit.by_tool }));
}

/** Index of the line that is heard at a moment, or was heard last; -1 before the first. */
export function lineAt(lines: readonly Line[], at: number): number {
  let found = -1;
  for (const [index, line] of lines.entries()) if (line.started_at_ms <= at) found = index;
  return found;
}

/** Moments for the axis, about `wanted` of them, at round distances. */
export function ticks(length: number, wanted = 8): number[] {
  const steps = [1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000];
  const step = steps.find((candidate) => length / candidate <= wanted) ?? 3_600_000;
  return Array.from({ length: Math.floor(length / step) + 1 }, (_, index) => index * step);
}
