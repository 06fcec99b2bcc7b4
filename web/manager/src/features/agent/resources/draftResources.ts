/** Resources of a draft: what code generation knows of backend models (rules R1, R2). Pure. */
import type { Schemas } from "../../../api/api";
import type { AgentPatch } from "../draft/DraftProvider";

export type Resource = Schemas["DraftResource"];
export type ResourceField = Schemas["ResourceField"];
export type Access = "create" | "read" | "write" | "delete" | "search_read";

export const ACCESS_WORDS: Record<Access, string> = {
  search_read: "Find (search_read)",
  read: "Read by id (read)",
  create: "Create",
  write: "Change (write)",
  delete: "Delete",
};

/** The resources with one changed; its model tells which. */
export function changedResource(resources: Resource[], model: string, change: Partial<Resource>): AgentPatch {
  return { resources: resources.map((item) => (item.model === model ? { ...item, ...change } : item)) };
}

/** Fields of the backend put into a resource: those it has keep their own description, new ones come behind. */
export function mergedFields(before: ResourceField[], imported: ResourceField[]): ResourceField[] {
  const fresh = new Map(imported.map((field) => [field.name, field]));
  const kept = before.map((field) => {
    const now = fresh.get(field.name);
    fresh.delete(field.name);
    return now ? { ...now, description: field.description || (now.description ?? "") } : field;
  });
  return [...kept, ...fresh.values()];
}

/** A field that the resource does not name, for typing one in by hand. */
export function newField(fields: ResourceField[]): ResourceField {
  const names = new Set(fields.map((field) => field.name));
  let number = fields.length + 1;
  while (names.has(`field_${number}`)) number += 1;
  return { name: `field_${number}`, type: "char", label: "", description: "", required: false, readonly: false, relation: "", choices: [] };
}

/** A base domain from text. Throws an Error with words for people. */
export function domainFrom(text: string): unknown[] {
  const value: unknown = text.trim() === "" ? [] : JSON.parse(text);
  if (!Array.isArray(value)) throw new Error('A domain is a JSON list, such as [["state", "=", "sale"]].');
  for (const part of value) {
    const isOperator = part === "&" || part === "|" || part === "!";
    const isCondition = Array.isArray(part) && part.length === 3 && typeof part[0] === "string" && typeof part[1] === "string";
    if (!isOperator && !isCondition) {
      throw new Error(`Each part is a condition [field, operator, value] or one of "&" "|" "!"; ${JSON.stringify(part)} is neither.`);
    }
  }
  return value;
}

/** Tools whose code reads, writes or calls a model, from their effects. */
export function toolsUsing(effects: Schemas["ToolEffectsReply"][], model: string): string[] {
  return effects.flatMap(({ tool, effects: item }) =>
    item.models_read.includes(model) || [...item.writes, ...item.calls].some((part) => part.target === model) ? [tool] : [],
  );
}
