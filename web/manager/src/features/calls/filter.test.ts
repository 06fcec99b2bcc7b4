/** Proves K2: the filter in the address is the filter of the API. */
import { expect, test } from "vitest";
import { endOf, exportAddress, queryOf, startOf } from "./filter";

const NOW = new Date("2026-05-10T15:00:00Z");

test("spans are counted from now", () => {
  expect(startOf("7d", NOW)).toBe("2026-05-03T15:00:00.000Z");
  expect(Date.parse(startOf("today", NOW) ?? "")).toBeLessThanOrEqual(NOW.getTime());
  expect(startOf("2026-05-01", NOW)).toMatch(/^2026-05-01|^2026-04-30/);
  expect(startOf("yesterdayish", NOW)).toBeUndefined();
});

test("a day as the end includes that day", () => {
  const end = endOf("2026-05-01") ?? "";
  expect(Date.parse(end) - Date.parse("2026-05-01T00:00:00")).toBe(86_400_000);
  expect(endOf("nonsense")).toBeUndefined();
});

test("empty parts are left out, and yes and no become booleans", () => {
  expect(queryOf({ agent_id: "pizzeria", number: "", is_test: "false" }, NOW)).toEqual({ agent_id: "pizzeria", is_test: false });
});

test("the file has the filter of the list", () => {
  expect(exportAddress({ fault: "tool" }, "csv")).toBe("/v1/calls/export?format=csv&fault=tool");
});
