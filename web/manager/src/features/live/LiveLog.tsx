import { Text } from "@mantine/core";
import { useEffect, useRef } from "react";
import classes from "./Live.module.css";
import type { Item } from "./liveState";

/** What is said and happens, as it comes; follows what is new while the reader is at its end. */
export function LiveLog({ items, agent }: { items: readonly Item[]; agent: string }) {
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const newest = items.at(-1);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it follows whatever is new
  useEffect(() => {
    const place = box.current;
    if (place && isAtEnd.current) place.scrollTop = place.scrollHeight;
  }, [newest]);
  const names = { user: "Caller", assistant: agent, operator: "Hint" } as const;
  return (
    <div
      ref={box}
      className={classes.log}
      role="log"
      aria-label="Captions"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      onScroll={({ currentTarget: at }) => {
        isAtEnd.current = at.scrollHeight - at.scrollTop - at.clientHeight < 40;
      }}
    >
      {items.length === 0 && <Text c="dimmed">Nothing was said yet.</Text>}
      {items.map((item) =>
        item.kind === "line" ? (
          <div key={item.id} className={classes.line} data-role={item.role} data-open={item.isFinal ? undefined : true}>
            <span className={classes.who}>{names[item.role]}</span>
            <span>{item.text}</span>
          </div>
        ) : (
          <Text key={item.id} className={classes.happened} {...(item.isTrouble ? { c: "var(--mantine-color-error)" } : {})}>
            {item.text}
          </Text>
        ),
      )}
    </div>
  );
}
