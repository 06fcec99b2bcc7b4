/** Proves A5: the state of a provider in words. */
import { expect, test } from "vitest";
import { healthWords } from "./providerWords";

const health = {
  provider: "openai",
  configured: true,
  reachable: true,
  latency_ms: 80,
  error: null,
  used_by: [],
  key: "tenant" as const,
  kinds: [],
};

test("a provider says whether it works", () => {
  expect(healthWords(undefined).text).toBe("no key");
  expect(healthWords({ ...health, configured: false }).text).toBe("no key");
  expect(healthWords(health).text).toBe("answers in 80 ms");
  expect(healthWords({ ...health, reachable: false }).color).toBe("red");
  expect(healthWords({ ...health, reachable: null, key: null }).text).toMatch(/offline/);
});

test("a provider that is left alone after failures says so, even when it answers again", () => {
  const kinds = [{ kind: "llm" as const, configured: true, breaker: "open" as const, capabilities: {} }];
  expect(healthWords({ ...health, kinds }).text).toMatch(/failing/);
});
