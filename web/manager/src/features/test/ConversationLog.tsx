import { Text } from "@mantine/core";
import { useEffect, useRef } from "react";
import { type ShownRun, ToolCard } from "../calls/ToolCard";
import type { Conversation, ToolRun } from "./conversation";
import { SaidLine } from "./SaidLine";
import classes from "./Test.module.css";

interface ConversationLogProps {
  conversation: Conversation;
  onSayAgain: ((userTurn: number, text: string) => void) | null;
}

/** Everything in its order. It follows what is new while the reader is at its end. */
export function ConversationLog({ conversation, onSayAgain }: ConversationLogProps) {
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const { items, isWaiting } = conversation;
  const newest = items.at(-1);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it follows whatever is new
  useEffect(() => {
    const place = box.current;
    if (place && isAtEnd.current) place.scrollTop = place.scrollHeight;
  }, [newest, isWaiting]);
  return (
    <div
      ref={box}
      className={classes.log}
      role="log"
      aria-label="Conversation"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      onScroll={({ currentTarget: at }) => {
        isAtEnd.current = at.scrollHeight - at.scrollTop - at.clientHeight < 40;
      }}
    >
      {items.map((item) => {
        switch (item.kind) {
          case "said":
            return <SaidLine key={item.id} said={item} agentName={conversation.agentName} onSayAgain={onSayAgain} />;
          case "tool":
            return <ToolCard key={item.id} run={shown(item)} />;
          case "stage":
            return (
              <Text key={item.id} className={classes.event}>
                Moved from {item.previous} to <b>{item.stage}</b>
                {item.byTool ? ` by ${item.byTool}` : ""}
              </Text>
            );
          default:
            return (
              <Text key={item.id} c="var(--mantine-color-error)" size="sm">
                {item.message}
              </Text>
            );
        }
      })}
      {isWaiting && (
        <Text className={classes.event} aria-hidden>
          …
        </Text>
      )}
    </div>
  );
}

function shown({ name, errorCode, durationMs, isPreload, ...run }: ToolRun): ShownRun {
  return { ...run, tool: name, error_code: errorCode, duration_ms: durationMs, is_preload: isPreload };
}
