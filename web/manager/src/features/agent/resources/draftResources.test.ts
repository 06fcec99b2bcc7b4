/** Proves R1 R2: importing again keeps what people wrote, and a domain that cannot be is refused with words. */
import { describe, expect, it } from "vitest";
import { changedResource, domainFrom, mergedFields, newField, type ResourceField, toolsUsing } from "./draftResources";

function field(name: string, change: Partial<ResourceField> = {}): ResourceField {
  return { ...newField([]), name, ...change };
}

describe("importing", () => {
  it("refreshes what the backend knows and keeps descriptions and fields of one's own", () => {
    const before = [field("name", { description: "What the caller calls it", type: "text" }), field("x_own")];
    const merged = mergedFields(before, [field("name", { type: "char", required: true }), field("phone")]);
    expect(merged.map((item) => item.name)).toEqual(["name", "x_own", "phone"]);
    expect(merged[0]).toMatchObject({ type: "char", required: true, description: "What the caller calls it" });
  });

  it("changes one resource only", () => {
    const resources = [{ model: "a" }, { model: "b" }];
    expect(changedResource(resources, "b", { description: "B" }).resources).toEqual([{ model: "a" }, { model: "b", description: "B" }]);
  });
});

describe("a base domain", () => {
  it.each(["", "[]", '[["state", "=", "sale"]]', '["|", ["a", "=", 1], ["b", "in", [1, 2]]]'])("%s is fine", (text) => {
    expect(Array.isArray(domainFrom(text))).toBe(true);
  });
  it.each(["{}", '["state", "=", "sale"]', '[["state", "="]]', "[1]", "["])("%s is refused", (text) => {
    expect(() => domainFrom(text)).toThrow();
  });
});

it("links the tools whose code touches the model", () => {
  const none = { is_complete: true, changes_something: false, models_read: [], writes: [], calls: [], integrations: [], unknown: [] };
  const effects = [
    { tool: "find", effects: { ...none, models_read: ["sale.order"] } },
    { tool: "make", effects: { ...none, writes: [{ target: "sale.order", operation: "create" }] } },
    { tool: "other", effects: { ...none, models_read: ["res.partner"] } },
  ];
  expect(toolsUsing(effects, "sale.order")).toEqual(["find", "make"]);
});
