import { Badge } from "@mantine/core";
import { IconBolt } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { EmptyState } from "../../ui/EmptyState";
import { ErrorState } from "../../ui/ErrorState";
import { Loading } from "../../ui/Loading";
import { Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { CallCards } from "./CallCards";
import classes from "./Live.module.css";
import { type Connection, useLive } from "./useLive";
import { WatchedCall } from "./WatchedCall";

const CONNECTIONS: Record<Connection, string> = { connecting: "Connecting", open: "Live", lost: "Connection lost, coming back" };

/** Running calls with their captions as they happen; a hint for the AI; the end of a call. */
export function LivePage() {
  const [selected, setSelected] = useState<string | null>(null);
  const { live, connection, problem } = useLive(selected);
  const first = [...live.keys()][0] ?? null;
  // What is looked at stays on the screen when it ends.
  useEffect(() => {
    if (first !== null && (selected === null || !live.has(selected))) setSelected(first);
  }, [first, selected, live]);
  const shown = (selected !== null ? live.get(selected) : undefined) ?? (first !== null ? live.get(first) : undefined);
  return (
    <Page
      title="Live"
      description="Calls that run now, with what is said as it is said."
      actions={
        <Badge variant="dot" color={connection === "open" ? "signal" : "gray"} role="status">
          {CONNECTIONS[connection]}
        </Badge>
      }
    >
      {live.size === 0 && connection === "connecting" && <Loading lines={3} />}
      {live.size === 0 && connection === "lost" && problem !== null && <ErrorState error={problem} what="Running calls" />}
      {live.size === 0 && (connection === "open" || (connection === "lost" && problem === null)) && (
        <Panel>
          <EmptyState icon={<IconBolt size={32} stroke={1.5} aria-hidden />} title="No call runs now">
            Calls appear here the moment they ring: on your numbers, on your web pages and in the Test tab. You read along, give the AI a
            hint that the caller does not hear, or end the call.
          </EmptyState>
        </Panel>
      )}
      {live.size > 0 && (
        <div className={classes.columns}>
          <CallCards live={live} selected={shown?.call.call_id ?? null} onSelect={setSelected} />
          {shown && <WatchedCall key={shown.call.call_id} watched={shown} />}
        </div>
      )}
    </Page>
  );
}
