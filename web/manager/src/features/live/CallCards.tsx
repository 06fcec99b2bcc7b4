import { Text, UnstyledButton } from "@mantine/core";
import { clock } from "../../ui/format";
import classes from "./Live.module.css";
import { type Live, lastLine, type Watched } from "./liveState";
import { useNow } from "./useNow";
import { callerName, channelName, lengthMs } from "./words";

/** Running calls, oldest first; arrow keys go as in any list of buttons by Tab. */
export function CallCards({ live, selected, onSelect }: { live: Live; selected: string | null; onSelect: (callId: string) => void }) {
  const now = useNow();
  return (
    <ul className={classes.list} aria-label="Running calls">
      {[...live.values()].map((watched) => (
        <li key={watched.call.call_id}>
          <Card
            watched={watched}
            now={now}
            isSelected={watched.call.call_id === selected}
            onSelect={() => onSelect(watched.call.call_id)}
          />
        </li>
      ))}
    </ul>
  );
}

function Card({ watched, now, isSelected, onSelect }: { watched: Watched; now: number; isSelected: boolean; onSelect: () => void }) {
  const { call, ended } = watched;
  const said = lastLine(watched);
  return (
    <UnstyledButton className={classes.card} onClick={onSelect} aria-current={isSelected} data-ended={ended ? true : undefined}>
      <Text component="span" fw={500} truncate>
        <span className={classes.dot} aria-hidden />
        {callerName(call)}
      </Text>
      <Text component="span" size="sm" className="numeric">
        {ended ? "over" : call.status === "ringing" ? "rings" : clock(lengthMs(call, now))}
      </Text>
      <Text component="span" size="sm" c="dimmed" truncate style={{ gridColumn: "1 / -1" }}>
        {[call.agent_name ?? call.agent_id, channelName(call), call.stage].filter(Boolean).join(" · ")}
      </Text>
      {said && (
        <span className={classes.said} data-open={said.isFinal ? undefined : true}>
          {said.text}
        </span>
      )}
    </UnstyledButton>
  );
}
