// Proves WS5 E7: what close codes mean, and that nobody comes back after 4001.
import { describe, expect, it } from "vitest";
import { backoffMs, closingOf, MOST_ATTEMPTS } from "./closing";

describe("closing", () => {
  it.each([
    [1000, "ended"],
    [4001, "unauthorised"],
    [4003, "unavailable"],
    [4004, "unavailable"],
    [4005, "unavailable"],
    [4029, "busy"],
    [1013, "busy"],
    [1006, "lost"],
    [1012, "lost"],
    [1011, "lost"],
  ] as const)("%i is %s", (code, closing) => expect(closingOf(code)).toBe(closing));

  it.each(["ended", "unauthorised", "unavailable"] as const)("never comes back after %s", (closing) => {
    expect(backoffMs(0, closing, 0.5)).toBeNull();
  });

  it("waits longer each time, spread, bounded, and gives up", () => {
    const waits = Array.from({ length: MOST_ATTEMPTS }, (_, attempt) => backoffMs(attempt, "lost", 0.999) ?? 0);
    expect(waits).toEqual([...waits].sort((one, other) => one - other));
    expect(waits.at(-1)).toBeLessThanOrEqual(15_000);
    expect(backoffMs(2, "lost", 0)).toBe((backoffMs(2, "lost", 0.9999) ?? 0) / 2);
    expect(backoffMs(0, "busy", 0)).toBeGreaterThan(backoffMs(0, "lost", 0) ?? 0);
    expect(backoffMs(MOST_ATTEMPTS, "lost", 0)).toBeNull();
  });
});
