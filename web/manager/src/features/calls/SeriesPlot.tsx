import { useComputedColorScheme } from "@mantine/core";
import { type RefObject, useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import classes from "./CallSeries.module.css";
import { plotOptions } from "./plotOptions";
import { bucketAt, type CallSeries, columnsOf, edgesOf, sentenceOf } from "./series";

interface Handlers {
  /** The hour or day under the pointer; null when it has left. */
  onPoint: (at: number | null) => void;
  /** Somebody dragged from one hour or day to another. */
  onChoose: (first: number, last: number) => void;
}

interface SeriesPlotProps extends Handlers {
  series: CallSeries;
}

/** Above the response times, below the calls, on one time axis. */
export default function SeriesPlot({ series, onPoint, onChoose }: SeriesPlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const handlers = useRef<Handlers>({ onPoint, onChoose });
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  handlers.current = { onPoint, onChoose };

  useEffect(() => {
    let erase: (() => void) | undefined;
    // The page first, then the picture: its place is kept.
    const later = setTimeout(() => {
      if (place.current) erase = draw(place.current, series, scheme, handlers);
    });
    return () => {
      clearTimeout(later);
      erase?.();
    };
  }, [series, scheme]);

  return <div ref={place} className={classes.canvas} role="img" aria-label={sentenceOf(series)} />;
}

/** Draws until what it returns is called; follows the size of its place. */
function draw(parent: HTMLElement, series: CallSeries, scheme: "light" | "dark", handlers: RefObject<Handlers>): () => void {
  const edges = edgesOf(series);
  const { x, calls, failed, p50, p95 } = columnsOf(series);
  const size = () => ({ width: parent.clientWidth, height: parent.clientHeight });
  const plot = new uPlot(
    {
      ...plotOptions({ series, edges, scheme, ...size() }),
      hooks: {
        setCursor: [(made) => handlers.current.onPoint(made.cursor.idx ?? null)],
        setSelect: [
          (made) => {
            const { left, width } = made.select;
            if (width <= 0) return;
            const bucket = (px: number) => bucketAt(edges, made.posToVal(px, "x"));
            handlers.current.onChoose(bucket(left), bucket(left + width));
          },
        ],
      },
    },
    [x, calls, visible(failed, Math.max(...calls)), p50, p95],
    parent,
  );
  const watched = new ResizeObserver(() => {
    const { width, height } = size();
    if (width !== plot.width || height !== plot.height) plot.setSize({ width, height });
  });
  watched.observe(parent);
  return () => {
    watched.disconnect();
    plot.destroy();
  };
}

/** A few failed calls among hundreds would be less than a pixel: they are drawn high enough to be seen. */
function visible(failed: number[], most: number): number[] {
  return failed.map((calls) => (calls > 0 ? Math.max(calls, most * 0.06) : 0));
}
