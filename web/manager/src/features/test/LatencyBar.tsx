import { Collapse, Text, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { duration } from "../../ui/format";
import { Track, TurnWaterfall } from "../calls/TurnWaterfall";
import type { Waterfall } from "../calls/timeline";
import { barsOf, paceOf, SLOW_MS, waitMs } from "../calls/waterfall";
import classes from "./Test.module.css";

const PACE = { quick: "", noticed: " · a noticeable pause", slow: " · slow" } as const;

/** How long an answer kept somebody waiting, as one bar; opened, what it was made of. */
export function LatencyBar({ waterfall, isOpening }: { waterfall: Waterfall; isOpening: boolean }) {
  const [isOpen, { toggle }] = useDisclosure(false);
  const wait = waitMs(waterfall);
  if (wait === null) return null;
  // What was over before the wait, or came behind it, is no part of it. Bars of several turns compare by their length, up to a pause that disturbs.
  const bars = barsOf(waterfall).filter((bar) => bar.from < wait && bar.to > 0);
  return (
    <div className={classes.latency} data-open={isOpen || undefined}>
      <UnstyledButton onClick={toggle} aria-expanded={isOpen} className={classes.wait}>
        <Text span size="xs" ta="left" c={paceOf(wait) === "slow" ? "var(--callstage-warn-ink)" : "dimmed"} className="numeric">
          {isOpening ? "Began" : "Answered"} after {duration(wait)}
          {PACE[paceOf(wait)]}
        </Text>
        <span aria-hidden>
          <Track bars={bars} start={0} end={Math.max(SLOW_MS, wait)} />
        </span>
      </UnstyledButton>
      <Collapse expanded={isOpen}>
        <TurnWaterfall waterfall={waterfall} />
      </Collapse>
    </div>
  );
}
