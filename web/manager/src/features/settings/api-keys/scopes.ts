import type { Schemas } from "../../../api/api";

export type Scope = NonNullable<Schemas["ApiKeyCreate"]["scopes"]>[number];

export const SCOPES: { value: Scope; label: string }[] = [
  { value: "*", label: "Everything" },
  { value: "read", label: "Look" },
  { value: "write", label: "Change agents, numbers, integrations" },
  { value: "admin", label: "Also users and keys" },
  { value: "calls", label: "Make calls and browser sessions" },
];

/** What a key may do, in words. */
export function scopesInWords(scopes: readonly string[]): string {
  return scopes.map((scope) => SCOPES.find(({ value }) => value === scope)?.label ?? scope).join(", ");
}
