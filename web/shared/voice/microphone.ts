/** The microphone as 16 kHz PCM. It is asked for when `start` is called, never before. */

import { CAPTURE_NAME } from "./captureWorklet";
import { bytesOf, Downsampler, levelOf } from "./samples";

export type MicrophoneTrouble =
  /** The visitor, the browser or the page's policy said no. */
  | "denied"
  /** There is none, or another program has it. */
  | "missing"
  /** Pages without HTTPS have no microphone. */
  | "insecure";

export class MicrophoneError extends Error {
  constructor(readonly trouble: MicrophoneTrouble) {
    super(trouble);
  }
}

export interface MicrophoneOptions {
  workletUrl: string;
  onChunk: (pcm: ArrayBuffer) => void;
  onLevel: (level: number) => void;
  /** The device was unplugged or taken away. */
  onLost: () => void;
}

export class Microphone {
  private stream: MediaStream | null = null;
  private source: MediaStreamAudioSourceNode | null = null;
  private node: AudioNode | null = null;
  private isMuted = false;
  private isStopped = false;

  constructor(
    private readonly context: AudioContext,
    private readonly options: MicrophoneOptions,
  ) {}

  /** Raises MicrophoneError. */
  async start(): Promise<void> {
    const stream = await askForMicrophone();
    if (this.isStopped) {
      stopTracks(stream);
      return;
    }
    this.stream = stream;
    this.mute(this.isMuted);
    for (const track of stream.getAudioTracks()) track.addEventListener("ended", () => !this.isStopped && this.options.onLost());
    const downsampler = new Downsampler(this.context.sampleRate);
    const take = (block: Float32Array) => {
      const pcm = downsampler.push(block);
      this.options.onLevel(this.isMuted ? 0 : levelOf(pcm));
      if (pcm.length > 0) this.options.onChunk(bytesOf(pcm));
    };
    const node = (await this.worklet(take)) ?? this.scriptNode(take);
    if (this.isStopped) return;
    this.source = this.context.createMediaStreamSource(stream);
    this.node = node;
    this.source.connect(node);
    // A node that leads nowhere is not run by every browser; it puts out silence.
    node.connect(this.context.destination);
  }

  /** Silence goes on being sent: the server's clock needs it. */
  mute(isMuted: boolean): void {
    this.isMuted = isMuted;
    for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = !isMuted;
  }

  stop(): void {
    this.isStopped = true;
    this.source?.disconnect();
    this.node?.disconnect();
    if (this.stream) stopTracks(this.stream);
    this.stream = null;
  }

  private async worklet(take: (block: Float32Array) => void): Promise<AudioNode | null> {
    try {
      await this.context.audioWorklet.addModule(this.options.workletUrl);
      const node = new AudioWorkletNode(this.context, CAPTURE_NAME, { numberOfOutputs: 1, outputChannelCount: [1] });
      node.port.onmessage = (event: MessageEvent<Float32Array>) => take(event.data);
      return node;
    } catch {
      // The page's Content-Security-Policy does not let a worklet load.
      return null;
    }
  }

  private scriptNode(take: (block: Float32Array) => void): AudioNode {
    const node = this.context.createScriptProcessor(1024, 1, 1);
    node.onaudioprocess = (event) => take(event.inputBuffer.getChannelData(0));
    return node;
  }
}

async function askForMicrophone(): Promise<MediaStream> {
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!devices?.getUserMedia) throw new MicrophoneError("insecure");
  try {
    return await devices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
    });
  } catch (error) {
    const { name } = error as { name?: string };
    throw new MicrophoneError(name === "NotAllowedError" || name === "SecurityError" ? "denied" : "missing");
  }
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
