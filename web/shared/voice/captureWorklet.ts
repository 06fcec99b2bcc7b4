/** Runs in the audio thread: hands the microphone's samples to the page, about 20 ms at a time. */

const NAME = "callstage-capture";
const FRAMES = 1024;

interface Processor {
  readonly port: MessagePort;
}
declare const AudioWorkletProcessor: { new (): Processor; prototype: Processor };
declare function registerProcessor(name: string, processor: new () => Processor): void;

/** Does nothing outside an audio worklet, so that one file can be page script and worklet. Returns whether it was one. */
export function registerCapture(): boolean {
  if (typeof registerProcessor !== "function") return false;
  class Capture extends AudioWorkletProcessor {
    private block = new Float32Array(FRAMES);
    private filled = 0;

    process(inputs: Float32Array[][]): boolean {
      const channel = inputs[0]?.[0];
      if (channel === undefined) return true;
      for (const sample of channel) {
        this.block[this.filled++] = sample;
        if (this.filled === FRAMES) {
          this.port.postMessage(this.block, [this.block.buffer]);
          this.block = new Float32Array(FRAMES);
          this.filled = 0;
        }
      }
      return true;
    }
  }
  registerProcessor(NAME, Capture);
  return true;
}

export const CAPTURE_NAME = NAME;
