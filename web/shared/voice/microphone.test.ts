// Proves E7 WS2: the microphone is asked for once, says why it cannot be had, and is let go.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Microphone, type MicrophoneOptions } from "./microphone";

class FakeTrack extends EventTarget {
  enabled = true;
  stopped = false;
  stop() {
    this.stopped = true;
  }
}

let track: FakeTrack;
let ask: () => Promise<unknown>;
let script: { onaudioprocess: ((event: unknown) => void) | null; connect: () => void; disconnect: () => void };
let chunks: ArrayBuffer[];
let levels: number[];
let lost: number;

const options: MicrophoneOptions = {
  workletUrl: "https://x/script.js",
  onChunk: (pcm) => chunks.push(pcm),
  onLevel: (level) => levels.push(level),
  onLost: () => {
    lost += 1;
  },
};

function context(): AudioContext {
  return {
    sampleRate: 48_000,
    destination: {},
    audioWorklet: { addModule: () => Promise.reject(new DOMException("blocked by the policy")) },
    createScriptProcessor: () => script,
    createMediaStreamSource: () => ({ connect: () => undefined, disconnect: () => undefined }),
  } as unknown as AudioContext;
}

beforeEach(() => {
  track = new FakeTrack();
  [chunks, levels, lost] = [[], [], 0];
  script = { onaudioprocess: null, connect: () => undefined, disconnect: () => undefined };
  ask = async () => ({ getAudioTracks: () => [track], getTracks: () => [track] });
  vi.stubGlobal("navigator", { mediaDevices: { getUserMedia: () => ask() } });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe("microphone", () => {
  it("works without a worklet, where a policy forbids it", async () => {
    const microphone = new Microphone(context(), options);
    await microphone.start();
    script.onaudioprocess?.({ inputBuffer: { getChannelData: () => new Float32Array(4800).fill(0.5) } });
    expect(Math.abs((chunks[0]?.byteLength ?? 0) / 2 - 1600)).toBeLessThan(5);
    expect(levels[0]).toBeGreaterThan(0.8);
    microphone.mute(true);
    expect(track.enabled).toBe(false);
    script.onaudioprocess?.({ inputBuffer: { getChannelData: () => new Float32Array(4800) } });
    expect([chunks.length, levels[1]]).toEqual([2, 0]);
    track.dispatchEvent(new Event("ended"));
    microphone.stop();
    track.dispatchEvent(new Event("ended"));
    expect([lost, track.stopped]).toEqual([1, true]);
  });

  it.each([
    ["NotAllowedError", "denied"],
    ["SecurityError", "denied"],
    ["NotFoundError", "missing"],
    ["NotReadableError", "missing"],
  ])("%s is %s", async (name, trouble) => {
    ask = () => Promise.reject(new DOMException("no", name));
    await expect(new Microphone(context(), options).start()).rejects.toMatchObject({ trouble });
  });

  it("needs a secure page", async () => {
    vi.stubGlobal("navigator", {});
    await expect(new Microphone(context(), options).start()).rejects.toMatchObject({ trouble: "insecure" });
  });

  it("is let go when the visitor has left while the browser asked", async () => {
    const microphone = new Microphone(context(), options);
    const starting = microphone.start();
    microphone.stop();
    await starting;
    expect(track.stopped).toBe(true);
  });
});
