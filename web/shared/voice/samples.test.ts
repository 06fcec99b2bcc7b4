// Proves WS2 WS3: samples in the formats of the wire, from microphones of any rate, in chunks of any size.
import { describe, expect, it } from "vitest";
import { bytesOf, Downsampler, levelOf, PcmReader } from "./samples";

function tone(hz: number, rateHz: number, seconds: number): Float32Array {
  return Float32Array.from({ length: Math.round(rateHz * seconds) }, (_, index) => 0.5 * Math.sin((2 * Math.PI * hz * index) / rateHz));
}

function crossings(samples: Int16Array): number {
  let count = 0;
  for (let index = 1; index < samples.length; index++) if ((samples[index - 1] ?? 0) < 0 && (samples[index] ?? 0) >= 0) count++;
  return count;
}

describe("Downsampler", () => {
  it.each([8000, 16_000, 22_050, 44_100, 48_000, 96_000])("keeps pitch and length of %i Hz whatever the blocks", (rateHz) => {
    const input = tone(440, rateHz, 1);
    const downsampler = new Downsampler(rateHz);
    const blocks: number[] = [];
    for (let start = 0, size = 100; start < input.length; start += size, size = (size % 700) + 57) {
      blocks.push(...downsampler.push(input.slice(start, start + size)));
    }
    expect(Math.abs(blocks.length - 16_000)).toBeLessThan(8);
    expect(Math.abs(crossings(Int16Array.from(blocks)) - 440)).toBeLessThanOrEqual(2);
    expect(Math.max(...blocks)).toBeGreaterThan(15_000);
  });

  it("is the same in one block and in many", () => {
    const input = tone(300, 44_100, 0.2);
    const whole = new Downsampler(44_100).push(input);
    const pieces = new Downsampler(44_100);
    const joined: number[] = [];
    for (let start = 0; start < input.length; start += 128) joined.push(...pieces.push(input.slice(start, start + 128)));
    expect(joined).toEqual([...whole]);
  });

  it("clips instead of wrapping", () => {
    expect(Math.max(...new Downsampler(16_000).push(new Float32Array(100).fill(3)))).toBe(32_767);
  });
});

describe("PcmReader", () => {
  it("puts samples together that were torn between chunks", () => {
    const bytes = new Uint8Array(bytesOf(Int16Array.from([1000, -1000, 32_767, -32_768])));
    const reader = new PcmReader();
    const found = [0, 1, 4, 7].map((start, index, starts) => reader.push(bytes.slice(start, starts[index + 1]).buffer));
    expect(found.flatMap((samples) => [...samples].map((sample) => Math.round(sample * 32_768)))).toEqual([1000, -1000, 32_767, -32_768]);
  });
});

it("shows silence as 0 and a loud voice near 1", () => {
  expect(levelOf(new Int16Array(100))).toBe(0);
  expect(levelOf(new Float32Array(0))).toBe(0);
  expect(levelOf(new Float32Array(100).fill(1))).toBeCloseTo(1, 5);
  expect(levelOf(tone(440, 16_000, 0.1))).toBeGreaterThan(0.8);
});
