/** Proves AC6: an entry tells what changed from what to what, and leads to the thing. */
import { expect, test } from "vitest";
import { changesOf } from "./changes";
import { actionInWords, pageOf, thingOf } from "./words";

test("only what differs is shown; a field that one side leaves out was not changed", () => {
  const changes = changesOf({ number: "+1", routeTarget: "a", fallback: null }, { number: "+1", routeTarget: "b" });
  expect(changes).toEqual([{ field: "Route target", before: "a", after: "b", isText: false }]);
});

test("something new shows all its values, something removed all it had", () => {
  expect(changesOf(null, { name: "Ann", role: "owner", note: null })).toMatchObject([
    { field: "Name", before: "", after: "Ann" },
    { field: "Role", before: "", after: "owner" },
  ]);
  expect(changesOf({ name: "Ann" }, null)).toMatchObject([{ field: "Name", before: "Ann", after: "" }]);
});

test("settings without a value are not spoken of", () => {
  expect(changesOf(null, { stt: { options: {} }, llm: { temperature: 0.7, options: {}, model: null } })).toEqual([
    { field: "LLM", before: "", after: "temperature: 0.7", isText: false },
  ]);
});

test("prompts are compared line by line", () => {
  expect(changesOf({ system_prompt: "a" }, { system_prompt: "a\nb" })).toMatchObject([{ field: "System prompt", isText: true }]);
});

test("actions in words", () => {
  expect(actionInWords("embed_token.secret_revealed")).toBe("Embed token secret revealed");
  expect(actionInWords("api_key.revoked")).toBe("API key revoked");
});

test("an entry leads to the thing while it is there", () => {
  expect(pageOf({ action: "agent.changed", entity: "agent", entity_id: "pizzeria" })).toMatchObject({ params: { agentId: "pizzeria" } });
  expect(pageOf({ action: "agent.deleted", entity: "agent", entity_id: "pizzeria" })).toBeUndefined();
  expect(pageOf({ action: "tool_run.x", entity: "tool_run", entity_id: "1" })).toBeUndefined();
});

test("a thing is called by its name, else by its id", () => {
  expect(thingOf({ entity_id: "u1", before: null, after: { email: "ann@example.com" } })).toBe("ann@example.com");
  expect(thingOf({ entity_id: "pizzeria", before: null, after: { deployment: 3 } })).toBe("pizzeria");
});
