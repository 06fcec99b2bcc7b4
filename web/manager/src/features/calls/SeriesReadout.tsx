import type { ReactNode } from "react";
import classes from "./CallSeries.module.css";
import { bucketName, type CallSeries, figureWords } from "./series";

/** The figures at one place of the chart, of the whole span when nothing is pointed at; also its legend. */
export function SeriesReadout({ series, at }: { series: CallSeries; at: number | null }) {
  const point = at === null ? undefined : series.points[at];
  const words = figureWords(point ?? series.total);
  return (
    <dl className={classes.readout}>
      <div>
        <dt>{point ? (series.bucket === "hour" ? "Hour" : "Day") : "Span"}</dt>
        <dd>{point && at !== null ? bucketName(series, at) : "all of it"}</dd>
      </div>
      <Figure label="Cost">{words.cost}</Figure>
      <Figure label="Response p50" mark="p50">
        {words.p50}
      </Figure>
      <Figure label="Response p95" mark="p95">
        {words.p95}
      </Figure>
      <Figure label="Calls" mark="calls">
        {words.calls}
      </Figure>
      <Figure label="Failed" mark="failed">
        {words.failed}
      </Figure>
    </dl>
  );
}

function Figure({ label, mark, children }: { label: string; mark?: "p50" | "p95" | "calls" | "failed"; children: ReactNode }) {
  return (
    <div>
      <dt>
        {mark && <span className={classes.mark} data-mark={mark} aria-hidden />}
        {label}
      </dt>
      <dd>{children}</dd>
    </div>
  );
}
