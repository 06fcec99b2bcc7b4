/** Entries of the audit log in words, and the pages they speak of. Pure. */
import type { LinkProps } from "@tanstack/react-router";
import type { Schemas } from "../../api/api";

export type Entry = Schemas["AuditEntry"];

/** What can be looked for, in the order of the select. */
export const ENTITIES: Record<string, string> = {
  agent: "Agents",
  agent_test: "Agent tests",
  backend: "Backends",
  integration: "Integrations",
  mailbox: "Mailboxes",
  number: "Numbers",
  blocked_number: "Blocked numbers",
  embed_token: "Embed tokens",
  audio: "Audio files",
  api_key: "API keys",
  user: "Users",
  carrier: "Carriers",
  provider: "AI providers",
  webhook_key: "Webhook keys",
  tool_run: "Tool runs",
  tenant: "Workspace",
};

const PAGES: Record<string, (id: string) => LinkProps> = {
  agent: (agentId) => ({ to: "/agents/$agentId/stages", params: { agentId } }),
  backend: (agentId) => ({ to: "/agents/$agentId/advanced", params: { agentId } }),
  mailbox: (agentId) => ({ to: "/agents/$agentId/advanced", params: { agentId } }),
  integration: () => ({ to: "/integrations" }),
  number: (number) => ({ to: "/numbers", search: { number } }),
  blocked_number: () => ({ to: "/blocked" }),
  embed_token: () => ({ to: "/embed" }),
  api_key: () => ({ to: "/settings/$section", params: { section: "api-keys" } }),
  user: () => ({ to: "/settings/$section", params: { section: "users" } }),
  carrier: () => ({ to: "/settings/$section", params: { section: "carriers" } }),
  provider: () => ({ to: "/settings/$section", params: { section: "providers" } }),
  webhook_key: () => ({ to: "/settings/$section", params: { section: "webhooks" } }),
  tenant: () => ({ to: "/settings/$section", params: { section: "plan" } }),
};

/** "embed_token.secret_revealed" → "Embed token secret revealed". */
export function actionInWords(action: string): string {
  const words = action.replace(/[._]/g, " ").replace(/\bapi\b/g, "API");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Where the thing can be seen, when it has a page. What was removed has none. */
export function pageOf(entry: Pick<Entry, "entity" | "entity_id" | "action">): LinkProps | undefined {
  if (/\.(deleted|removed|revoked|unblocked)$/.test(entry.action)) return undefined;
  return PAGES[entry.entity]?.(entry.entity_id);
}

/** What the thing was called then, if the entry tells; its id otherwise. */
export function thingOf(entry: Pick<Entry, "entity_id" | "before" | "after">): string {
  for (const state of [entry.after, entry.before]) {
    for (const name of ["display_name", "name", "number", "email", "label", "prefix"]) {
      const value = state?.[name];
      if (typeof value === "string" && value) return value;
    }
  }
  return entry.entity_id;
}
