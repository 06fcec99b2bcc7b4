import { useMemo } from "react";
import type { CallsSearch } from "../../app/router";
import { type Column, VirtualTable } from "../../ui/VirtualTable";
import { bucketName, type CallSeries, figureWords, searchWithin } from "./series";

interface Row {
  at: number;
  name: string;
  words: ReturnType<typeof figureWords>;
}

/** The chart in figures, newest first; a row narrows the list of calls as dragging across the chart does. */
export function SeriesTable({ series, search }: { series: CallSeries; search: CallsSearch }) {
  const rows = useMemo(
    () => series.points.map((point, at): Row => ({ at, name: bucketName(series, at), words: figureWords(point) })).reverse(),
    [series],
  );
  return (
    <VirtualTable
      caption={`Response time and calls by ${series.bucket}, newest first`}
      columns={COLUMNS}
      rows={rows}
      rowKey={(row) => String(row.at)}
      rowLink={(row) => ({ to: "/calls", search: searchWithin(search, series, row.at, row.at) })}
      rowHeight={36}
      maxHeight="320px"
    />
  );
}

const COLUMNS: Column<Row>[] = [
  { id: "when", header: "When", render: (row) => row.name },
  { id: "p50", header: "p50", width: 76, isNumeric: true, hideBelow: "sm", render: (row) => row.words.p50 },
  { id: "p95", header: "p95", width: 76, isNumeric: true, render: (row) => row.words.p95 },
  { id: "calls", header: "Calls", width: 64, isNumeric: true, render: (row) => row.words.calls },
  { id: "failed", header: "Failed", width: 76, isNumeric: true, hideBelow: "sm", render: (row) => row.words.failed },
  { id: "cost", header: "Cost", width: 100, isNumeric: true, hideBelow: "sm", render: (row) => row.words.cost },
];
