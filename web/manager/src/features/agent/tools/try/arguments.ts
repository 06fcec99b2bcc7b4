/** Arguments of a trial: what stands in the form's fields ↔ values for the tool (rule D5). Pure. */
import { isObject, type JsonObject, type Parameter, type ParameterKind, parametersOf } from "../schema/parameters";

/** By parameter; a field that is empty gives no argument. */
export type ArgumentTexts = Record<string, string>;

export interface Arguments {
  args: JsonObject;
  /** What cannot be read, by parameter. */
  problems: Record<string, string>;
}

/** The values behind the fields. Missing ones are left out: the platform checks them and says so as it would say it to the model. */
export function argumentsOf(parameters: Parameter[], texts: ArgumentTexts): Arguments {
  const args: JsonObject = {};
  const problems: Record<string, string> = {};
  for (const { name, kind } of parameters) {
    const text = texts[name] ?? "";
    if (text === "" || (kind !== "string" && text.trim() === "")) continue;
    try {
      args[name] = readAs(kind, text);
    } catch (error) {
      problems[name] = error instanceof Error ? error.message : "This cannot be read.";
    }
  }
  return { args, problems };
}

/** The fields that show these values. */
export function textsOf(args: JsonObject): ArgumentTexts {
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]));
}

/** What the fields hold at first: the defaults of the schema. */
export function defaultsOf(schema: JsonObject): ArgumentTexts {
  const parameters = parametersOf(schema) ?? [];
  return textsOf(
    Object.fromEntries(
      parameters.flatMap(({ name, schema: property }) =>
        isObject(property) && property.default !== undefined ? [[name, property.default] as const] : [],
      ),
    ),
  );
}

/** An object from text. Throws an Error with words for people. */
export function objectFrom(text: string): JsonObject {
  const value = json(text.trim() === "" ? "{}" : text);
  if (!isObject(value)) throw new Error("This must be a JSON object: {…}.");
  return value;
}

function readAs(kind: ParameterKind, text: string): unknown {
  switch (kind) {
    case "string":
      return text;
    case "boolean":
      return text === "true";
    case "integer":
    case "number": {
      const value = Number(text);
      if (!Number.isFinite(value) || (kind === "integer" && !Number.isInteger(value))) {
        throw new Error(kind === "integer" ? "This must be a whole number." : "This must be a number.");
      }
      return value;
    }
    case "array": {
      const value = json(text);
      if (!Array.isArray(value)) throw new Error("This must be a JSON list: […].");
      return value;
    }
    case "object":
      return objectFrom(text);
    case "other":
      return json(text);
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`This is not JSON: ${error instanceof Error ? error.message : "unreadable"}`);
  }
}
