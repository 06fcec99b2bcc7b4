import { Text } from "@mantine/core";
import { duration } from "../../ui/format";
import classes from "./TurnWaterfall.module.css";
import type { Waterfall } from "./timeline";
import { barsOf, responseMs, sentenceOf } from "./waterfall";

/** Where the time of one answer went: a bar per part, from the end of the caller's speech to the first sound. */
export function TurnWaterfall({ waterfall }: { waterfall: Waterfall }) {
  const bars = barsOf(waterfall);
  const total = responseMs(waterfall);
  const start = Math.min(0, ...bars.map((bar) => bar.from));
  const end = Math.max(total ?? 0, ...bars.map((bar) => bar.to), start + 1);
  const share = (ms: number) => `${((ms - start) / (end - start)) * 100}%`;
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
            <span className={classes.track}>
              <span
                className={classes.bar}
                data-kind={bar.kind}
                data-dropped={bar.isDropped || undefined}
                style={{ left: share(bar.from), width: `max(2px, calc(${share(bar.to)} - ${share(bar.from)}))` }}
              />
            </span>
            <span className={classes.time}>{duration(bar.to - bar.from)}</span>
            <span className={classes.detail}>{bar.detail}</span>
          </div>
        ))}
        {total !== null && (
          <div className={classes.row}>
            <span className={classes.label}>In all</span>
            <span className={classes.track}>
              <span className={classes.total} style={{ left: share(0), width: `calc(${share(total)} - ${share(0)})` }} />
            </span>
            <span className={classes.time}>{duration(total)}</span>
            <span className={classes.detail}>from the caller's last word to the first sound</span>
          </div>
        )}
      </div>
    </figure>
  );
}
