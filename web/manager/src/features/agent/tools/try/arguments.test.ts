/** Proves D5: the form of a trial gives the arguments that its fields show. */
import { describe, expect, it } from "vitest";
import { parametersOf } from "../schema/parameters";
import { argumentsOf, defaultsOf, objectFrom, textsOf } from "./arguments";

const SCHEMA = {
  type: "object",
  properties: {
    size: { type: "string", enum: ["small", "large"] },
    quantity: { type: "integer", default: 2 },
    weight: { type: "number" },
    urgent: { type: "boolean" },
    items: { type: "array", items: { type: "string" } },
    address: { type: "object" },
    note: { type: ["string", "null"] },
  },
};
const PARAMETERS = parametersOf(SCHEMA) ?? [];

describe("arguments", () => {
  it("come back as the values that filled the form", () => {
    const args = { size: "small", quantity: 3, weight: 1.5, urgent: false, items: ["a"], address: { zip: "1" }, note: null };
    expect(argumentsOf(PARAMETERS, { ...textsOf(args), note: "null" })).toEqual({ args, problems: {} });
  });

  it("are left out where a field is empty, so that a missing parameter can be tried", () => {
    expect(argumentsOf(PARAMETERS, { size: "", quantity: " " })).toEqual({ args: {}, problems: {} });
  });

  it("keep texts as they are typed", () => {
    expect(argumentsOf(PARAMETERS, { size: " 7 " }).args).toEqual({ size: " 7 " });
  });

  it("say which field cannot be read", () => {
    const { args, problems } = argumentsOf(PARAMETERS, { quantity: "2.5", weight: "much", items: "{}", address: "[", urgent: "true" });
    expect(args).toEqual({ urgent: true });
    expect(Object.keys(problems).sort()).toEqual(["address", "items", "quantity", "weight"]);
    expect(problems.quantity).toBe("This must be a whole number.");
    expect(problems.address).toContain("not JSON");
  });

  it("begin with the defaults of the schema", () => {
    expect(defaultsOf(SCHEMA)).toEqual({ quantity: "2" });
  });

  it("can be one JSON object", () => {
    expect(objectFrom("")).toEqual({});
    expect(() => objectFrom("[]")).toThrow("must be a JSON object");
  });
});
