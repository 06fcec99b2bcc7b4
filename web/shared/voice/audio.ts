/** Both directions of sound, behind one small port that tests can play. */

import { Microphone } from "./microphone";
import { Player } from "./player";

export interface AudioCallbacks {
  onChunk: (pcm: ArrayBuffer) => void;
  onInputLevel: (level: number) => void;
  onOutputLevel: (level: number) => void;
  onMicrophoneLost: () => void;
}

export interface AudioPort {
  /** Asks for the microphone. Raises MicrophoneError. */
  start(): Promise<void>;
  play(chunk: ArrayBuffer): void;
  clear(): void;
  finished(): void;
  mute(isMuted: boolean): void;
  readonly leftMs: number;
  stop(): void;
}

/** Call it inside the click: browsers let sound begin only then. */
export function browserAudio(workletUrl: string, callbacks: AudioCallbacks): AudioPort {
  const context = new AudioContext({ latencyHint: "interactive" });
  const microphone = new Microphone(context, {
    workletUrl,
    onChunk: callbacks.onChunk,
    onLevel: callbacks.onInputLevel,
    onLost: callbacks.onMicrophoneLost,
  });
  const player = new Player(context, callbacks.onOutputLevel);
  return {
    async start() {
      await Promise.all([context.resume(), microphone.start()]);
    },
    play: (chunk) => player.push(chunk),
    clear: () => player.clear(),
    finished: () => player.finished(),
    mute: (isMuted) => microphone.mute(isMuted),
    get leftMs() {
      return player.leftMs;
    },
    stop() {
      microphone.stop();
      player.clear();
      void context.close();
    },
  };
}
