/** Samples as the server wants and sends them: PCM 16-bit little-endian mono, 16 kHz up, 24 kHz down. Pure. */

export const UPLINK_HZ = 16_000;
export const DOWNLINK_HZ = 24_000;

/**
 * Brings microphone samples of any rate to 16 kHz, block by block. Each output sample is the mean of the input that it stands for
 * (a box filter: enough against aliasing of speech), or a line between two samples where the input is slower.
 */
export class Downsampler {
  private readonly step: number;
  private rest = new Float32Array(0);
  private position = 0;

  constructor(inputHz: number) {
    this.step = inputHz / UPLINK_HZ;
  }

  push(block: Float32Array): Int16Array {
    const input = new Float32Array(this.rest.length + block.length);
    input.set(this.rest);
    input.set(block, this.rest.length);
    const output: number[] = [];
    while (this.position + Math.max(this.step, 1) + 1 <= input.length) {
      output.push(toInt16(this.step > 1 ? mean(input, this.position, this.position + this.step) : between(input, this.position)));
      this.position += this.step;
    }
    const used = Math.floor(this.position);
    this.rest = input.slice(used);
    this.position -= used;
    return Int16Array.from(output);
  }
}

/** PCM bytes of the server as samples; bytes of half a sample stay for the next chunk. */
export class PcmReader {
  private odd = new Uint8Array(0);

  push(chunk: ArrayBuffer): Float32Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.odd.length + chunk.byteLength);
    bytes.set(this.odd);
    bytes.set(new Uint8Array(chunk), this.odd.length);
    const count = bytes.length >> 1;
    this.odd = bytes.slice(count * 2);
    const view = new DataView(bytes.buffer);
    const samples = new Float32Array(count);
    for (let index = 0; index < count; index++) samples[index] = view.getInt16(index * 2, true) / 32_768;
    return samples;
  }

  clear(): void {
    this.odd = new Uint8Array(0);
  }
}

/** Loudness from 0 to 1, as a meter shows it: -60 dB is 0. */
export function levelOf(samples: Float32Array | Int16Array): number {
  if (samples.length === 0) return 0;
  const scale = samples instanceof Int16Array ? 32_768 : 1;
  let sum = 0;
  for (const sample of samples) sum += (sample / scale) ** 2;
  const db = 10 * Math.log10(sum / samples.length + 1e-9);
  return Math.min(1, Math.max(0, (db + 60) / 60));
}

/** Little-endian whatever the machine is. */
export function bytesOf(samples: Int16Array): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(samples.length * 2));
  samples.forEach((sample, index) => {
    view.setInt16(index * 2, sample, true);
  });
  return view.buffer;
}

function toInt16(value: number): number {
  return Math.round(Math.min(1, Math.max(-1, value)) * 32_767);
}

function between(input: Float32Array, at: number): number {
  const index = Math.floor(at);
  const left = input[index] ?? 0;
  return left + ((input[index + 1] ?? left) - left) * (at - index);
}

function mean(input: Float32Array, start: number, end: number): number {
  const first = Math.floor(start);
  const last = Math.floor(end);
  let sum = (input[first] ?? 0) * (1 - (start - first)) + (input[last] ?? 0) * (end - last);
  for (let index = first + 1; index < last; index++) sum += input[index] ?? 0;
  return sum / (end - start);
}
