import { Box, Text, Tooltip, UnstyledButton } from "@mantine/core";
import { lazy, type MouseEvent, Suspense, useMemo, useRef } from "react";
import { clock, duration } from "../../ui/format";
import { Panel } from "../../ui/Panel";
import classes from "./CallTimeline.module.css";
import { type CallDetail, lengthOf, stageMarks, ticks, toolSpans } from "./timeline";

const Waveform = lazy(() => import("./Waveform"));
const KEY_STEP_MS = 5000;

interface CallTimelineProps {
  call: CallDetail;
  at: number;
  /** The audio went on to this moment. */
  onPlay: (ms: number) => void;
  /** Somebody went to this moment. */
  onSeek: (ms: number) => void;
}

/** The whole call on one axis: sound, who spoke, stages, tools; a press anywhere goes there. */
export function CallTimeline({ call, at, onPlay, onSeek }: CallTimelineProps) {
  const length = lengthOf(call);
  const tools = useMemo(() => toolSpans(call), [call]);
  const stages = useMemo(() => stageMarks(call), [call]);
  const lanes = useRef<HTMLDivElement>(null);
  const left = (ms: number) => `${Math.min(100, (ms / length) * 100)}%`;
  const box = (from: number, to: number) => ({
    left: left(from),
    width: `max(3px, ${Math.max(0, ((Math.min(to, length) - from) / length) * 100)}%)`,
  });

  function press(event: MouseEvent) {
    const area = lanes.current?.getBoundingClientRect();
    if (area && area.width > 0) onSeek(Math.round(Math.max(0, Math.min(1, (event.clientX - area.left) / area.width)) * length));
  }

  return (
    <Panel p="md" component="section" aria-label="Timeline">
      {call.recording ? (
        <Suspense fallback={<Box h={112} />}>
          <Waveform callId={call.call_id} length={length} at={at} onPlay={onPlay} onSeek={onSeek} />
        </Suspense>
      ) : (
        <Text size="sm" c="dimmed" mb="xs">
          {call.status === "ended"
            ? "This call was not recorded. Switch recording on under Advanced of the agent to hear the next ones."
            : "The recording is there when the call is over."}
        </Text>
      )}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the slider below does the same with the keyboard */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: as above */}
      <div ref={lanes} className={classes.lanes} onClick={press}>
        <div className={classes.lane}>
          <span className={classes.name}>Caller</span>
          {call.transcript
            .filter((line) => line.role === "user")
            .map((line) => (
              <div
                key={`${line.turn}-${line.started_at_ms}`}
                className={classes.caller}
                style={box(line.started_at_ms, line.ended_at_ms)}
                title={line.text}
              />
            ))}
        </div>
        <div className={classes.lane}>
          <span className={classes.name}>Agent</span>
          {call.transcript
            .filter((line) => line.role === "assistant")
            .map((line) => (
              <div
                key={`${line.turn}-${line.started_at_ms}`}
                className={classes.agent}
                data-interrupted={line.interrupted || undefined}
                style={box(line.started_at_ms, line.ended_at_ms)}
                title={line.text}
              />
            ))}
        </div>
        <div className={classes.lane}>
          <span className={classes.name}>Tools</span>
          {tools.map(({ run, from, to }) => (
            <Tooltip key={run.run_key} label={`${run.tool}: ${run.status} in ${duration(run.duration_ms)}`}>
              <UnstyledButton
                className={classes.tool}
                data-failed={run.status !== "ok" || undefined}
                style={box(from, to)}
                aria-label={`${run.tool} at ${clock(from)}: ${run.status}`}
                onClick={(event) => {
                  event.stopPropagation();
                  onSeek(from);
                  document.getElementById(`tool-${run.run_key}`)?.scrollIntoView({ block: "center" });
                }}
              />
            </Tooltip>
          ))}
        </div>
        <div className={classes.stages}>
          {stages.map((mark) => (
            <span key={`${mark.at}-${mark.stage}`} className={classes.stage} style={{ left: left(mark.at) }}>
              {mark.stage}
            </span>
          ))}
        </div>
        <div className={classes.axis}>
          {ticks(length).map((tick) => (
            <span key={tick} className={classes.tick} style={{ left: left(tick) }}>
              {clock(tick)}
            </span>
          ))}
        </div>
        <div className={classes.cursor} style={{ left: left(at) }} />
      </div>
      <input
        type="range"
        className={classes.slider}
        aria-label="Moment of the call"
        aria-valuetext={`${clock(at)} of ${clock(length)}`}
        min={0}
        max={length}
        step={KEY_STEP_MS / 5}
        value={Math.min(at, length)}
        onChange={(event) => onSeek(Number(event.currentTarget.value))}
      />
    </Panel>
  );
}
