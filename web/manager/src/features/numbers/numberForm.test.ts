/** Proves N1 N5: what the form of a number sends, and what it does not let through. */
import { expect, test } from "vitest";
import { createOf, EMPTY, type NumberValues, patchOf, problemsOf, valuesOf } from "./numberForm";
import { routeInWords } from "./routes";

const values = (changes: Partial<NumberValues> = {}): NumberValues => ({
  ...EMPTY,
  number: "+1 202 555 0100",
  routeTarget: "pizzeria",
  ...changes,
});

test("a number of an agent", () => {
  expect(problemsOf(values())).toEqual({});
  expect(createOf(values({ number: " +1 202 555 0100 " }))).toEqual({
    number: "+1 202 555 0100",
    inboundRoute: "ai_agent",
    routeTarget: "pizzeria",
    aiTransferType: null,
    aiTransferTarget: null,
    fallback: null,
  });
});

test("transfer and fallback are sent whole, and cleared when there is none", () => {
  const full = values({ aiTransferType: "queue", aiTransferTarget: "sales", fallbackType: "message", fallbackTarget: "Sorry." });
  expect(patchOf(full)).toMatchObject({
    aiTransferType: "queue",
    aiTransferTarget: "sales",
    fallback: { type: "message", target: "Sorry." },
  });
  expect(patchOf({ ...full, aiTransferType: "", fallbackType: "" })).toMatchObject({
    aiTransferType: null,
    aiTransferTarget: null,
    fallback: null,
  });
});

test.each<[Partial<NumberValues>, (keyof NumberValues)[]]>([
  [{ number: "12" }, ["number"]],
  [{ number: "call me" }, ["number"]],
  [{ routeTarget: "" }, ["routeTarget"]],
  [{ inboundRoute: "queue", routeTarget: " " }, ["routeTarget"]],
  [{ inboundRoute: "voicemail", routeTarget: "" }, []],
  [{ inboundRoute: "external", routeTarget: "sales" }, ["routeTarget"]],
  [{ aiTransferType: "external", aiTransferTarget: "" }, ["aiTransferTarget"]],
  [{ fallbackType: "message", fallbackTarget: "" }, ["fallbackTarget"]],
  [{ fallbackType: "external", fallbackTarget: "nobody" }, ["fallbackTarget"]],
  [{ fallbackType: "voicemail", fallbackTarget: "" }, []],
])("%o is stopped at %o", (changes, fields) => {
  expect(Object.keys(problemsOf(values(changes)))).toEqual(fields);
});

test("what is stored comes back into the form as it was", () => {
  const stored = {
    id: "n1",
    number: "+12025550100",
    live: true,
    created_at: "2026-01-01T00:00:00Z",
    inboundRoute: "ai_agent" as const,
    routeTarget: "pizzeria",
    aiTransferType: "external" as const,
    aiTransferTarget: "+12025550147",
    fallback: { type: "voicemail" as const, target: null },
  };
  expect(patchOf(valuesOf(stored))).toEqual({
    inboundRoute: "ai_agent",
    routeTarget: "pizzeria",
    aiTransferType: "external",
    aiTransferTarget: "+12025550147",
    fallback: { type: "voicemail", target: null },
  });
});

test("routes in words", () => {
  expect(routeInWords("queue", "sales")).toBe("Queue sales");
  expect(routeInWords("external", "+12025550147")).toBe("+1 202 555 0147");
  expect(routeInWords("voicemail", null)).toBe("Voicemail");
  expect(routeInWords("message", "Sorry.")).toBe("“Sorry.”");
  expect(routeInWords(null, null)).toBe("–");
});
