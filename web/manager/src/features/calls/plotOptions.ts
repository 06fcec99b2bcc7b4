/** How the chart of calls over time is drawn. */
import uPlot from "uplot";
import { count, duration } from "../../ui/format";
import { type CallSeries, columnsOf, roundTicks, tickName } from "./series";

/** The same as in CallSeries.module.css; a canvas knows no variables. */
const COLOURS = {
  light: { p50: "#0d7763", p95: "#a15c00", calls: "#7489a8", failed: "#c92a2a", text: "#59636d", line: "#eff1f2" },
  dark: { p50: "#46cfab", p95: "#f0b45b", calls: "#5f7699", failed: "#ff8787", text: "#a0aab4", line: "#24282d" },
} as const;
const FONT = '11px "Inter Variable", system-ui, sans-serif';
/** Parts of the height: response times above, calls below, and a gap. */
const TIMES = 0.6;
const CALLS = 0.32;

interface Drawn {
  series: CallSeries;
  edges: number[];
  scheme: "light" | "dark";
  width: number;
  height: number;
}

export function plotOptions({ series, edges, scheme, width, height }: Drawn): uPlot.Options {
  const colour = COLOURS[scheme];
  const { calls, p95 } = columnsOf(series);
  const hasTimes = p95.some((value) => value !== null);
  const times = roundTicks(Math.max(1, ...p95.map((value) => value ?? 0)), 3);
  const counts = roundTicks(Math.max(1, ...calls), hasTimes ? 2 : 4, true);
  const [longest, most] = [times.at(-1) ?? 1, counts.at(-1) ?? 1];
  const axis = { stroke: colour.text, font: FONT, labelFont: FONT, ticks: { show: false }, grid: { stroke: colour.line, width: 1 } };
  const bars = uPlot.paths.bars?.({ size: [0.72, 36], radius: 0.08 });
  const line = { width: 2, scale: "ms", points: { show: series.points.length < 40, size: 5 }, spanGaps: false };

  return {
    width,
    height,
    legend: { show: false },
    padding: [8, 0, 0, 0],
    cursor: { y: false, drag: { x: true, y: false, setScale: false, dist: 8 }, points: { size: 7 } },
    scales: {
      x: { time: true, range: [edges[0] ?? 0, edges.at(-1) ?? 1] },
      ms: { range: [longest - longest / TIMES, longest] },
      calls: { range: [0, hasTimes ? most / CALLS : most] },
    },
    axes: [
      { ...axis, space: 64, size: 24, grid: { show: false }, values: (_, found) => found.map((at) => tickName(at, series.bucket)) },
      { ...axis, scale: "ms", show: hasTimes, side: 3, size: 62, splits: times, values: (_, found) => found.map(duration) },
      { ...axis, scale: "calls", side: 1, size: 62, splits: counts, values: (_, found) => found.map((calls) => callsName(calls, most)) },
    ],
    series: [
      {},
      { scale: "calls", paths: bars, fill: colour.calls, points: { show: false } },
      { scale: "calls", paths: bars, fill: colour.failed, points: { show: false } },
      { ...line, stroke: colour.p50 },
      { ...line, stroke: colour.p95, dash: [6, 4] },
    ],
  };
}

/** The topmost figure says what is counted. */
function callsName(calls: number, most: number): string {
  return calls === most ? `${count(calls)} calls` : count(calls);
}
