/** Proves T11: the form and the JSON Schema edit the same thing, and lose nothing of it. */
import { describe, expect, it } from "vitest";
import { type JsonObject, newParameter, parameterProblems, parametersOf, schemaOf, withKind } from "./parameters";

/** A small deterministic generator: the same cases on every machine. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % sides;
  };
}

function anyProperty(roll: (sides: number) => number, depth = 0): unknown {
  const base: JsonObject = {};
  if (roll(2)) base.description = roll(4) ? `about ${roll(100)}` : "";
  if (roll(4) === 0) base["x-own"] = { a: [roll(9)] };
  switch (roll(depth > 2 ? 5 : 9)) {
    case 0:
      return { ...base, type: "string", ...(roll(2) ? { enum: ["a", "b", "7"] } : {}), ...(roll(2) ? { pattern: "^a" } : {}) };
    case 1:
      return { ...base, type: "integer", ...(roll(2) ? { enum: [1, 2] } : {}), minimum: 0 };
    case 2:
      return { type: "number", ...base, default: 1.5 };
    case 3:
      return { ...base, type: "boolean" };
    case 4:
      return { ...base, enum: [1, "x", null] };
    case 5:
      return { ...base, type: "array", items: anyProperty(roll, depth + 1) };
    case 6:
      return { ...base, type: "object", properties: { inner: anyProperty(roll, depth + 1) }, required: ["inner"] };
    case 7:
      return { ...base, type: ["string", "null"] };
    default:
      return roll(2) === 1;
  }
}

function anySchema(seed: number): JsonObject {
  const roll = dice(seed);
  const names = ["size", "café", "2", "__proto__", "with space", "constructor"].filter(() => roll(2));
  const schema: JsonObject = { type: "object", properties: Object.fromEntries(names.map((name) => [name, anyProperty(roll)])) };
  if (roll(3)) schema.required = [...names.filter(() => roll(2)).reverse(), ...(roll(5) ? [] : ["ghost"])];
  if (roll(2)) schema.additionalProperties = false;
  if (roll(4) === 0) schema.$defs = { money: { type: "number" } };
  return schema;
}

function rowsOf(schema: JsonObject) {
  const rows = parametersOf(schema);
  if (!rows) throw new Error("the form should show this schema");
  return rows;
}

describe("form and schema", () => {
  it("give each other back unchanged", () => {
    for (let seed = 1; seed <= 500; seed += 1) {
      const schema = anySchema(seed);
      const back = schemaOf(schema, rowsOf(schema));
      expect(back, `seed ${seed}`).toEqual(schema);
      expect(JSON.stringify(back), `order, seed ${seed}`).toBe(JSON.stringify(schema));
    }
  });

  it("survive an edit of one row with all other keywords", () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const schema = anySchema(seed);
      const rows = rowsOf(schema);
      const [first, ...others] = rows;
      if (!first) continue;
      const edited = schemaOf(schema, [{ ...first, name: "renamed", description: "new words" }, ...others]);
      const again = rowsOf(edited);
      expect(again.map((row) => row.isRequired).sort()).toEqual(rows.map((row) => row.isRequired).sort());
      const renamed = again.find((row) => row.name === "renamed");
      expect(renamed?.kind).toBe(first.kind);
      if (typeof first.schema === "object") expect(renamed?.schema).toEqual({ ...first.schema, description: "new words" });
      expect(edited.$defs).toEqual(schema.$defs);
    }
  });

  it("keep required names in step", () => {
    const schema = { type: "object", properties: { a: { type: "string" }, b: { type: "string" } }, required: ["b", "a"] };
    const [a, b] = rowsOf(schema);
    if (!a || !b) throw new Error("two rows");
    expect(schemaOf(schema, [b]).required).toEqual(["b"]);
    expect(
      schemaOf(schema, [
        { ...a, isRequired: false },
        { ...b, name: "c" },
      ]).required,
    ).toEqual(["c"]);
    expect(
      schemaOf(schema, [
        { ...a, isRequired: false },
        { ...b, isRequired: false },
      ]),
    ).not.toHaveProperty("required");
  });

  it("turn choices into values of the kind", () => {
    const schema = { type: "object", properties: { n: { type: "string", enum: ["1", "2", "many"], description: "How many" } } };
    const rows = rowsOf(schema).map((row) => withKind(row, "integer"));
    expect(schemaOf(schema, rows).properties).toEqual({ n: { type: "integer", enum: [1, 2], description: "How many" } });
    const back = rows.map((row) => withKind(row, "boolean"));
    expect(schemaOf(schema, back).properties).toEqual({ n: { type: "boolean", description: "How many" } });
  });

  it("begin a nested parameter with its smallest schema and keep its description", () => {
    const schema = { type: "object", properties: { items: { type: "string", description: "What is ordered" } } };
    const rows = rowsOf(schema).map((row) => withKind(row, "array"));
    expect(schemaOf(schema, rows).properties).toEqual({
      items: { type: "array", items: { type: "string" }, description: "What is ordered" },
    });
  });

  it("leave schemas that a form cannot show to the JSON editor", () => {
    expect(parametersOf({ type: "array" })).toBeNull();
    expect(parametersOf({ type: "object", properties: [] })).toBeNull();
    expect(parametersOf({ properties: {}, required: [1] })).toBeNull();
    expect(parametersOf({})).toEqual([]);
    expect(schemaOf({}, [])).toEqual({});
  });
});

describe("new rows", () => {
  it("get a free name and key", () => {
    const schema = { type: "object", properties: { parameter_2: { type: "string" } } };
    const rows = rowsOf(schema);
    const first = newParameter(rows);
    const second = newParameter([...rows, first]);
    expect(new Set([...rows, first, second].map((row) => row.name)).size).toBe(3);
    expect(new Set([...rows, first, second].map((row) => row.key)).size).toBe(3);
  });

  it("say when two have one name or none", () => {
    const [row] = rowsOf({ type: "object", properties: { a: { type: "string" } } });
    if (!row) throw new Error("one row");
    expect(parameterProblems([row, { ...row, key: "x" }])).toEqual({
      "of:a": "Two parameters are called a.",
      x: "Two parameters are called a.",
    });
    expect(parameterProblems([{ ...row, name: " " }])).toEqual({ "of:a": "Every parameter has a name." });
  });
});
