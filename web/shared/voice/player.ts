/** Plays the agent's voice as it arrives, and falls silent at once. */

import { PlayoutSchedule } from "./playout";
import { DOWNLINK_HZ, levelOf, PcmReader } from "./samples";

/** While something plays the level is never 0, not even in a pause between words: 0 says that nothing does. */
const PAUSE_LEVEL = 0.001;

export class Player {
  private readonly reader = new PcmReader();
  private readonly schedule = new PlayoutSchedule();
  private readonly playing = new Set<AudioBufferSourceNode>();

  constructor(
    private readonly context: AudioContext,
    private readonly onLevel: (level: number) => void,
  ) {}

  push(chunk: ArrayBuffer): void {
    const samples = this.reader.push(chunk);
    if (samples.length === 0) return;
    const buffer = this.context.createBuffer(1, samples.length, DOWNLINK_HZ);
    buffer.copyToChannel(samples, 0);
    const source = this.context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.context.destination);
    source.onended = () => {
      this.playing.delete(source);
      if (this.playing.size === 0) this.onLevel(0);
    };
    this.playing.add(source);
    source.start(this.schedule.next(this.context.currentTime, buffer.duration));
    this.onLevel(Math.max(PAUSE_LEVEL, levelOf(samples)));
  }

  /** `audioStop`: what is queued is not heard any more. */
  clear(): void {
    this.reader.clear();
    this.schedule.clear();
    for (const source of this.playing) {
      source.onended = null;
      source.stop();
    }
    this.playing.clear();
    this.onLevel(0);
  }

  /** `audioEnd`. */
  finished(): void {
    this.schedule.finished();
  }

  /** Milliseconds that are still to be heard. */
  get leftMs(): number {
    return this.schedule.left(this.context.currentTime) * 1000;
  }
}
