/** Proves V1 V2 V3 V4 V6: the editor's preview renders as the calls do, and completion knows every source of variables. */
import { describe, expect, it } from "vitest";
import { withPatch } from "../draft/agent";
import { exampleAgent } from "../draft/exampleAgent";
import { namesIn, render } from "./render";
import { completionsAt, exampleValues, resultNamesOf, sessionNamesOf, variablesOf } from "./variables";

describe("rendering", () => {
  it.each([
    ["Hello {name}.", { name: "Ada" }, "Hello Ada."],
    ["Hello {name}.", {}, "Hello ."],
    ["Hello {name|there}.", {}, "Hello there."],
    ["Hello {name|there}.", { name: "" }, "Hello there."],
    ["Hello {name|}.", { name: null }, "Hello ."],
    ["{ name | my friend }", { name: "Ada" }, "Ada"],
    ["{found}", { found: true }, "True"],
    ["{found}", { found: false }, "False"],
    ["{total}", { total: 0 }, "0"],
    ["{{literal}} {name}", { name: "x", literal: "no" }, "{literal} x"],
    ["{{{name}}}", { name: "x" }, "{x}"],
    ["{name}", { name: "{secret}" }, "{secret}"],
    ["{not closed", {}, "{not closed"],
    ["{ 1 } {a b}", {}, "{ 1 } {a b}"],
    ["{order.total|0}", { "order.total": 7 }, "7"],
  ])("%j with %j says %j", (template, values, said) => {
    expect(render(template, values)).toBe(said);
  });
  it("names each variable once", () => {
    expect(namesIn("{a} {b|x} {a} {{c}}")).toEqual(["a", "b"]);
  });
});

const CODE = `
order = server.search_read("sale.order", limit=1)
session["order_id"] = order[0]["id"]
if session["order_id"] == 3:
    return {"status": "special", "_run_llm": False}
session['state']='x'
return {"total": 5,
    "items": []}
`;
const tool = { name: "find_order", kind: "code" as const, description: "", code: CODE };

describe("variables", () => {
  it("reads what code sets and returns", () => {
    expect(sessionNamesOf(tool)).toEqual(["order_id", "state"]);
    expect(resultNamesOf(tool)).toEqual(["status", "total", "items"]);
  });

  it("knows the call, the lookup, preload results and the session", () => {
    const agent = withPatch(exampleAgent(), { tool_definitions: [tool], preload_tools: ["find_order"], system_prompt: "{mood|fine}" });
    const sources = Object.fromEntries(variablesOf(agent).map((variable) => [variable.name, variable.source]));
    expect(sources).toMatchObject({
      caller_phone: "the call",
      name: "caller lookup",
      total: "preload tool find_order",
      order_id: "set by the tool find_order",
      mood: "used in this agent",
    });
  });

  it("offers the fields of the tool's result in its handover message first", () => {
    expect(variablesOf(exampleAgent(), "price_order")[0]).toEqual({ name: "total", source: "result of price_order", example: "‹total›" });
    expect(variablesOf(exampleAgent()).some((variable) => variable.source.startsWith("result of"))).toBe(false);
  });

  it("plays a known and an unknown caller", () => {
    const agent = withPatch(exampleAgent(), { test_caller_phone: "+4930123456" });
    const variables = variablesOf(agent);
    expect(exampleValues(agent, variables, true)).toMatchObject({ name: "Ada Smith", caller_phone: "+4930123456", found: "True" });
    expect(exampleValues(agent, variables, false)).toMatchObject({ name: "", caller_phone: "+4930123456", found: "False" });
  });
});

describe("completion", () => {
  const variables = variablesOf(exampleAgent());
  const offered = (text: string) => completionsAt(text, text.length, variables)?.options.map((variable) => variable.name);
  it("begins behind an open brace", () => {
    expect(offered("Hello {")).toContain("caller_phone");
    expect(offered("Hello {na")).toEqual(["name"]);
    expect(completionsAt("Hello {na", 9, variables)?.from).toBe(7);
  });
  it.each(["Hello ", "Hello {name}", "a {{", "a {{na", "{name|fall"])("stays away after %j", (text) => {
    expect(offered(text)).toBeUndefined();
  });
  it("knows a variable inside of literal braces", () => {
    expect(offered("{{{na")).toEqual(["name"]);
  });
});
