import { SegmentedControl, Text, Title, UnstyledButton } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconChevronRight } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useId, useState } from "react";
import type { CallsSearch } from "../../app/router";
import { ErrorState } from "../../ui/ErrorState";
import { Loading } from "../../ui/Loading";
import { Panel } from "../../ui/Panel";
import classes from "./CallSeries.module.css";
import { SeriesReadout } from "./SeriesReadout";
import { SeriesTable } from "./SeriesTable";
import { type CallSeries, searchWithin, spanName } from "./series";
import type { useCallSeries } from "./useCallSeries";

const SeriesPlot = lazy(() => import("./SeriesPlot"));

/** Whether the chart is open, in this browser; open at first where there is room above the list. */
export function useIsChartOpen(): [boolean, (isOpen: boolean) => void] {
  const [isRoomy] = useState(() => window.matchMedia("(min-width: 48em)").matches);
  const [isOpen, setOpen] = useLocalStorage<boolean>({
    key: "callstage.calls-chart",
    defaultValue: isRoomy,
    getInitialValueInEffect: false,
  });
  return [isOpen, setOpen];
}

interface CallSeriesPanelProps {
  search: CallsSearch;
  series: ReturnType<typeof useCallSeries>;
  isOpen: boolean;
  onToggle: () => void;
}

/** Response times and calls over the span of the filter. Its place is kept from the first moment on, so that nothing below it moves. */
export function CallSeriesPanel({ search, series, isOpen, onToggle }: CallSeriesPanelProps) {
  const id = useId();
  const [view, setView] = useState<"chart" | "table">("chart");
  return (
    <Panel component="section" aria-labelledby={`${id}-title`} mb="md" p={{ base: "sm", sm: "md" }}>
      <div className={classes.head}>
        <Title order={2} id={`${id}-title`}>
          <UnstyledButton className={classes.toggle} aria-expanded={isOpen} aria-controls={`${id}-body`} onClick={onToggle}>
            <IconChevronRight size={16} className={classes.chevron} aria-hidden />
            Response time and calls
          </UnstyledButton>
        </Title>
        {isOpen && series.data && (
          <Text size="sm" c="dimmed" className={classes.span}>
            {spanName(series.data.from, series.data.to)}, by {series.data.bucket}
          </Text>
        )}
        {isOpen && (
          <SegmentedControl
            size="xs"
            aria-label="Show as"
            data={[
              { value: "chart", label: "Chart" },
              { value: "table", label: "Table" },
            ]}
            value={view}
            onChange={(chosen) => setView(chosen === "table" ? "table" : "chart")}
          />
        )}
      </div>
      <div id={`${id}-body`} className={isOpen ? classes.body : undefined}>
        {isOpen && series.error && <ErrorState error={series.error} what="The chart" onRetry={() => void series.refetch()} />}
        {isOpen && series.isPending && <Loading lines={5} />}
        {isOpen && series.data && <Shown series={series.data} search={search} view={view} />}
      </div>
    </Panel>
  );
}

function Shown({ series, search, view }: { series: CallSeries; search: CallsSearch; view: "chart" | "table" }) {
  const navigate = useNavigate();
  const [pointed, setPointed] = useState<number | null>(null);
  if (series.total.calls === 0) {
    return (
      <Text c="dimmed" className={classes.nothing}>
        No call began in this span. Choose a longer one under “When”, or widen the filter; the chart follows it.
      </Text>
    );
  }
  if (view === "table") return <SeriesTable series={series} search={search} />;
  return (
    <>
      <SeriesReadout series={series} at={pointed} />
      <div className={classes.plot}>
        <Suspense fallback={null}>
          <SeriesPlot
            series={series}
            onPoint={setPointed}
            onChoose={(first, last) => void navigate({ to: "/calls", search: searchWithin(search, series, first, last) })}
          />
        </Suspense>
      </div>
      <Text size="xs" c="dimmed" className={classes.hint}>
        {series.total.response_p50_ms === null
          ? "Response times appear once an agent has answered somebody: from the end of the caller's speech to the first sound of the answer."
          : "Drag across the chart to see the calls of that span only; in the table, choose a row."}
      </Text>
    </>
  );
}
