import { ActionIcon, Group, SegmentedControl, Text, useComputedColorScheme } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import WaveSurfer from "wavesurfer.js";
import { $api } from "../../api/api";
import { messageOf } from "../../ui/ErrorState";
import { clock } from "../../ui/format";

const POINTS = 1200;
const SPEEDS = ["1", "1.5", "2"];

interface WaveformProps {
  callId: string;
  /** Of the axis, in ms; the sound may be shorter. */
  length: number;
  at: number;
  onPlay: (ms: number) => void;
  onSeek: (ms: number) => void;
}

/** The caller above, the agent below; drawn from the server's peaks, so that nothing is downloaded before it is played. */
export default function Waveform({ callId, length, at, onPlay, onSeek }: WaveformProps) {
  const peaks = $api.useQuery("get", "/v1/calls/{call_id}/recording/peaks", {
    params: { path: { call_id: callId }, query: { points: POINTS } },
  });
  const place = useRef<HTMLDivElement>(null);
  const player = useRef<WaveSurfer | null>(null);
  const handlers = useRef({ onPlay, onSeek });
  const [isPlaying, setPlaying] = useState(false);
  const [speed, setSpeed] = useState("1");
  const scheme = useComputedColorScheme("light");
  handlers.current = { onPlay, onSeek };

  useEffect(() => {
    if (!place.current || !peaks.data) return undefined;
    const colour = (light: string, dark: string) => (scheme === "dark" ? dark : light);
    const wave = WaveSurfer.create({
      container: place.current,
      height: 48,
      url: `/v1/calls/${encodeURIComponent(callId)}/recording`,
      peaks: peaks.data.peaks,
      duration: Math.max(length, peaks.data.duration_ms) / 1000,
      splitChannels: [
        { waveColor: colour("#7f9ac4", "#5d7dad"), progressColor: colour("#4f6f9f", "#8fadd8") },
        { waveColor: colour("#5bbfa6", "#1f8e77"), progressColor: colour("#0d7763", "#46cfab") },
      ],
      backend: "MediaElement",
      cursorWidth: 0,
      dragToSeek: true,
      normalize: false,
    });
    const unlisten = [
      wave.on("timeupdate", (seconds) => wave.isPlaying() && handlers.current.onPlay(seconds * 1000)),
      wave.on("interaction", (seconds) => handlers.current.onSeek(seconds * 1000)),
      wave.on("play", () => setPlaying(true)),
      wave.on("pause", () => setPlaying(false)),
    ];
    player.current = wave;
    return () => {
      for (const stop of unlisten) stop();
      wave.destroy();
      player.current = null;
    };
  }, [callId, length, peaks.data, scheme]);

  // Somebody went elsewhere on the axis: the sound follows.
  useEffect(() => {
    const wave = player.current;
    if (wave && Math.abs(wave.getCurrentTime() * 1000 - at) > 300) wave.setTime(at / 1000);
  }, [at]);

  useEffect(() => {
    player.current?.setPlaybackRate(Number(speed), true);
  }, [speed]);

  if (peaks.error) return <Text c="var(--mantine-color-error)">The recording cannot be played: {messageOf(peaks.error)}</Text>;
  return (
    <div>
      <Group mb="xs" gap="sm">
        <ActionIcon
          size="lg"
          radius="xl"
          onClick={() => void player.current?.playPause()}
          disabled={!peaks.data}
          aria-label={isPlaying ? "Pause" : "Play"}
        >
          {isPlaying ? <IconPlayerPause size={18} /> : <IconPlayerPlay size={18} />}
        </ActionIcon>
        <Text size="sm" className="numeric">
          {clock(at)} / {clock(length)}
        </Text>
        <SegmentedControl
          size="xs"
          aria-label="Speed"
          data={SPEEDS.map((value) => ({ value, label: `${value}×` }))}
          value={speed}
          onChange={setSpeed}
        />
        <Text size="xs" c="dimmed">
          above the caller, below the agent
        </Text>
      </Group>
      <div ref={place} style={{ minHeight: 96 }} aria-hidden="true" />
    </div>
  );
}
