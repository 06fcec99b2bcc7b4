import { Text } from "@mantine/core";
import { duration } from "../../ui/format";
import classes from "./TurnWaterfall.module.css";
import type { Waterfall } from "./timeline";
import { type Bar, barsOf, isWritten, responseMs, sentenceOf } from "./waterfall";

/** Where the time of one answer went: a bar per part, from the end of the caller's turn to the first sound (or word that can be read). */
export function TurnWaterfall({ waterfall }: { waterfall: Waterfall }) {
  const bars = barsOf(waterfall);
  const total = responseMs(waterfall);
  const start = Math.min(0, ...bars.map((bar) => bar.from));
  const end = Math.max(total ?? 0, ...bars.map((bar) => bar.to), start + 1);
  if (bars.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        Nothing was measured for this turn.
      </Text>
    );
  }
  return (
    <figure className={classes.figure}>
      <figcaption className="visually-hidden">{sentenceOf(waterfall)}</figcaption>
      <div aria-hidden="true">
        {bars.map((bar) => (
          <div key={`${bar.label}-${bar.from}-${bar.to}`} className={classes.row}>
            <span className={classes.label}>{bar.label}</span>
            <Track bars={[bar]} start={start} end={end} />
            <span className={classes.time}>{duration(bar.to - bar.from)}</span>
            <span className={classes.detail}>{bar.detail}</span>
          </div>
        ))}
        {total !== null && (
          <div className={classes.row}>
            <span className={classes.label}>In all</span>
            <span className={classes.track}>
              <span className={classes.total} style={placed({ from: 0, to: total }, start, end)} />
            </span>
            <span className={classes.time}>{duration(total)}</span>
            <span className={classes.detail}>
              {isWritten(waterfall) ? "from the message to the first words" : "from the caller's last word to the first sound"}
            </span>
          </div>
        )}
      </div>
    </figure>
  );
}

/** Bars on one line of an axis in milliseconds. */
export function Track({ bars, start, end }: { bars: readonly Bar[]; start: number; end: number }) {
  return (
    <span className={classes.track}>
      {bars.map((bar) => (
        <span
          key={`${bar.label}-${bar.from}-${bar.to}`}
          className={classes.bar}
          data-kind={bar.kind}
          data-dropped={bar.isDropped || undefined}
          style={placed(bar, start, end)}
        />
      ))}
    </span>
  );
}

function placed({ from, to }: Pick<Bar, "from" | "to">, start: number, end: number) {
  const share = (ms: number) => `${((Math.max(start, Math.min(end, ms)) - start) / (end - start)) * 100}%`;
  return { left: share(from), width: `max(2px, calc(${share(to)} - ${share(from)}))` };
}
