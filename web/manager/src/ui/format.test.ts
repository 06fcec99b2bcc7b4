/** Proves UI1: figures as people read them, with their units. */
import { expect, test } from "vitest";
import { clock, count, duration, phone, relativeTime } from "./format";

test.each([
  ["+12025550100", "+1 202 555 0100"],
  ["+4930123456", "+49 301 23456"],
  ["+442079460958", "+44 207 946 0958"],
  ["+353871234567", "+353 871 234 567"],
  ["+79161234567", "+7 916 123 4567"],
  ["anonymous", "anonymous"],
  ["1001", "1001"],
])("%s reads %s", (number, shown) => {
  expect(phone(number)).toBe(shown);
  expect(phone(number).replace(/ /g, "")).toBe(number);
});

test.each([
  [840.4, "840 ms"],
  [2400, "2.4 s"],
  [187_000, "3:07 min"],
  [3_729_000, "1:02:09 h"],
])("%i ms reads %s", (ms, shown) => {
  expect(duration(ms)).toBe(shown);
});

test("times and counts", () => {
  const now = Date.parse("2026-01-01T12:00:00Z");
  expect(relativeTime("2026-01-01T11:57:00Z", now)).toBe("3 minutes ago");
  expect(relativeTime("2026-01-01T11:59:40Z", now)).toBe("just now");
  expect(relativeTime("2025-12-31T12:00:00Z", now)).toBe("yesterday");
  expect(count(12_480)).toBe("12,480");
  expect(clock(67_000)).toBe("1:07");
});
