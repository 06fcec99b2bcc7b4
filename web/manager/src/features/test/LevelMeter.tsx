import { useEffect, useRef } from "react";
import classes from "./Test.module.css";
import type { Talk } from "./useConversation";

/** How loud the microphone is: drawn without React, ten times a second. */
export function LevelMeter({ onLevels }: Pick<Talk, "onLevels">) {
  const bar = useRef<HTMLDivElement>(null);
  useEffect(
    () =>
      onLevels(({ input }) => {
        if (bar.current) bar.current.style.transform = `scaleX(${Math.min(1, input * 1.5)})`;
      }),
    [onLevels],
  );
  return (
    <div className={classes.meter} role="img" aria-label="Loudness of your microphone">
      <div ref={bar} className={classes.level} />
    </div>
  );
}
