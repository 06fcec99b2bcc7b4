/** Proves A2: each slider says what it does at its value. */
import { describe, expect, it } from "vitest";
import { idleWords, maximumWords, sensitivityWords, silenceWords, span, speedWords } from "./turnTaking";

describe("interruption sensitivity", () => {
  it.each([
    [0, "Never interrupted"],
    [0.1, "680 ms and say at least three words"],
    [0.3, "440 ms and say at least two words"],
    [0.45, "260 ms and say at least one word"],
    [0.5, "Balanced: 200 ms of speech"],
    [0.6, "Quick to yield: 180 ms"],
    [1, "Very quick to yield; noise may cut the agent off: 100 ms"],
  ])("%f: %s", (value, words) => {
    expect(sensitivityWords(value)).toContain(words);
  });

  it("asks for less speech the higher it is", () => {
    const ms = Array.from({ length: 20 }, (_, step) => Number(/(\d+) ms/.exec(sensitivityWords((step + 1) / 20))?.[1]));
    expect(ms).toEqual([...ms].sort((one, other) => other - one));
    expect(ms.every((value) => value >= 100 && value <= 800)).toBe(true);
  });
});

describe("silence", () => {
  it.each([
    [200, "Very brisk"],
    [500, "Brisk"],
    [700, "Natural"],
    [1200, "Patient"],
    [3000, "Very patient"],
  ])("%i ms: %s", (ms, words) => {
    expect(silenceWords(ms)).toContain(words);
  });

  it("names the time with its unit", () => {
    expect(silenceWords(700)).toContain("after 700 ms of silence");
    expect(silenceWords(1500)).toContain("after 1.5 s of silence");
  });
});

describe("limits", () => {
  it("say what comes after", () => {
    expect(idleWords(30, true)).toContain("says the farewell and hangs up");
    expect(idleWords(30, false)).not.toContain("farewell");
    expect(maximumWords(600, true)).toContain("After 10 minutes");
  });

  it("are spoken as people say them", () => {
    expect([span(1), span(90), span(3600), span(3723), span(0)]).toEqual([
      "1 second",
      "1 minute 30 seconds",
      "1 hour",
      "1 hour 2 minutes 3 seconds",
      "0 seconds",
    ]);
    expect([speedWords(1), speedWords(1.25), speedWords(0.8)].map((words) => words.slice(0, 10))).toEqual([
      "As the voi",
      "25 % faste",
      "20 % slowe",
    ]);
  });
});
