/** Parameters of a tool: JSON Schema ↔ rows of a form. What the form does not show stays as it was (rule T11). Pure. */

export type JsonObject = Record<string, unknown>;
export type ParameterKind = "string" | "integer" | "number" | "boolean" | "array" | "object" | "other";

export interface Parameter {
  /** Tells rows apart while their names change. */
  key: string;
  /** The name in the schema it was read from; null for a new one. */
  origin: string | null;
  name: string;
  kind: ParameterKind;
  isRequired: boolean;
  description: string;
  /** Allowed values, as text. */
  choices: string[];
  /** The property as it was read: its other keywords are kept. */
  schema: unknown;
}

export const EMPTY_SCHEMA: JsonObject = { type: "object", properties: {} };
export const KIND_WORDS: Record<ParameterKind, string> = {
  string: "Text",
  integer: "Whole number",
  number: "Number",
  boolean: "Yes or no",
  array: "List",
  object: "Object",
  other: "Other (JSON)",
};
const NESTED: Partial<Record<ParameterKind, JsonObject>> = {
  array: { type: "array", items: { type: "string" } },
  object: { type: "object", properties: {} },
};

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Kinds whose whole schema is edited as JSON. */
export function isNested(kind: ParameterKind): boolean {
  return kind === "array" || kind === "object" || kind === "other";
}

/** The rows of a schema, null when a form cannot show it. */
export function parametersOf(schema: JsonObject): Parameter[] | null {
  const properties = schema.properties ?? {};
  const required = schema.required ?? [];
  if ((schema.type ?? "object") !== "object" || !isObject(properties) || !isNames(required)) return null;
  return Object.entries(properties).map(([name, property]) => {
    const kind = kindOf(property);
    const keywords = isObject(property) ? property : {};
    return {
      key: `of:${name}`,
      origin: name,
      name,
      kind,
      isRequired: required.includes(name),
      description: typeof keywords.description === "string" ? keywords.description : "",
      choices: isNested(kind) ? [] : choicesOf(keywords),
      schema: property,
    };
  });
}

/** The schema with these rows; `base` is the one that the rows were read from. */
export function schemaOf(base: JsonObject, parameters: Parameter[]): JsonObject {
  const properties = Object.fromEntries(parameters.map((parameter) => [parameter.name, propertyOf(parameter)]));
  const schema: JsonObject = { ...base };
  if (base.properties !== undefined || parameters.length > 0) schema.properties = properties;
  const required = requiredOf(base, parameters);
  if (required.length > 0 || (isNames(base.required) && base.required.length === 0)) schema.required = required;
  else delete schema.required;
  return schema;
}

/** A row for a further parameter. */
export function newParameter(parameters: Parameter[]): Parameter {
  const taken = new Set(parameters.map((parameter) => parameter.name));
  let number = parameters.length + 1;
  while (taken.has(`parameter_${number}`)) number += 1;
  const key = `new:${Math.max(0, ...parameters.map((item) => Number(/^new:(\d+)$/.exec(item.key)?.[1] ?? 0))) + 1}`;
  return {
    key,
    origin: null,
    name: `parameter_${number}`,
    kind: "string",
    isRequired: true,
    description: "",
    choices: [],
    schema: { type: "string" },
  };
}

/** Another kind: choices that fit stay, a nested kind begins with its smallest schema. */
export function withKind(parameter: Parameter, kind: ParameterKind): Parameter {
  if (kind === parameter.kind) return parameter;
  if (isNested(kind)) return { ...parameter, kind, choices: [], schema: NESTED[kind] ?? {} };
  const keywords = isObject(parameter.schema) && !isNested(parameter.kind) ? parameter.schema : {};
  const choices = kind === "boolean" ? [] : parameter.choices.filter((text) => readAs(kind, text) !== undefined);
  return { ...parameter, kind, choices, schema: { ...keywords, type: kind } };
}

/** What is wrong, by key of the row; nothing for rows that are fine. */
export function parameterProblems(parameters: Parameter[]): Record<string, string> {
  const problems: Record<string, string> = {};
  for (const parameter of parameters) {
    if (!parameter.name.trim()) problems[parameter.key] = "Every parameter has a name.";
    else if (parameters.some((other) => other !== parameter && other.name === parameter.name)) {
      problems[parameter.key] = `Two parameters are called ${parameter.name}.`;
    }
  }
  return problems;
}

/** The part of a nested parameter that is edited as JSON: everything but the description, which has its own field. */
export function nestedJson(parameter: Parameter): string {
  if (!isObject(parameter.schema)) return JSON.stringify(parameter.schema);
  const { description, ...rest } = parameter.schema;
  return JSON.stringify(typeof description === "string" ? rest : parameter.schema, null, 2);
}

function kindOf(property: unknown): ParameterKind {
  if (!isObject(property)) return "other";
  if (property.description !== undefined && typeof property.description !== "string") return "other";
  const kind = property.type;
  if (kind === "array" || kind === "object") return kind;
  if (kind !== "string" && kind !== "integer" && kind !== "number" && kind !== "boolean") return "other";
  if (property.enum === undefined) return kind;
  return kind !== "boolean" && Array.isArray(property.enum) && property.enum.every((value) => fits(kind, value)) ? kind : "other";
}

function fits(kind: ParameterKind, value: unknown): boolean {
  if (kind === "string") return typeof value === "string";
  return typeof value === "number" && (kind === "number" || Number.isInteger(value));
}

function choicesOf(keywords: JsonObject): string[] {
  return Array.isArray(keywords.enum) ? keywords.enum.map(String) : [];
}

function readAs(kind: ParameterKind, text: string): string | number | undefined {
  if (kind === "string") return text;
  const value = text.trim() === "" ? Number.NaN : Number(text);
  return fits(kind, value) && Number.isFinite(value) ? value : undefined;
}

function propertyOf(parameter: Parameter): unknown {
  if (!isObject(parameter.schema)) return parameter.schema;
  const property: JsonObject = { ...parameter.schema };
  if ((typeof property.description === "string" ? property.description : "") !== parameter.description) {
    if (parameter.description) property.description = parameter.description;
    else delete property.description;
  }
  if (isNested(parameter.kind)) return property;
  property.type = parameter.kind;
  const asRead = choicesOf(property);
  if (asRead.length === parameter.choices.length && asRead.every((text, place) => text === parameter.choices[place])) {
    const isOfKind = Array.isArray(property.enum) && property.enum.every((value) => fits(parameter.kind, value));
    if (property.enum === undefined || isOfKind) return property;
  }
  const values = parameter.choices.flatMap((text) => readAs(parameter.kind, text) ?? []);
  if (values.length > 0) property.enum = values;
  else delete property.enum;
  return property;
}

function requiredOf(base: JsonObject, parameters: Parameter[]): string[] {
  const before = isNames(base.required) ? base.required : [];
  const known = isObject(base.properties) ? base.properties : {};
  const kept = before.flatMap((name) => {
    const row = parameters.find((parameter) => parameter.origin === name);
    if (row) return row.isRequired ? [row.name] : [];
    return Object.hasOwn(known, name) ? [] : [name];
  });
  const added = parameters.filter((parameter) => parameter.isRequired && !kept.includes(parameter.name)).map((parameter) => parameter.name);
  return [...kept, ...added];
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
