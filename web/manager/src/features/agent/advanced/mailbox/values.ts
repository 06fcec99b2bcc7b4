/** What the form of a mailbox holds, and what of it goes to the API (rules M1, M3). Pure. */
import type { Schemas } from "../../../../api/api";
import { canonical } from "../settings/canonical";

export type Mailbox = Schemas["MailboxReply"];
export type Account = Schemas["IntegrationListed"];
export type Filters = Required<Schemas["Filters"]>;

/** In place of an account: servers and password that the API stored with the mailbox itself. */
export const OWN_LOGIN = "own";

export interface MailboxValues {
  /** The id of an account, `OWN_LOGIN`, or "" while none is chosen. */
  account: string;
  maxTurns: number | string;
  fetchLastHours: number | string;
  forwardTo: string;
  signature: string;
  filters: Filters;
}

const NO_FILTERS: Filters = {
  folder: "INBOX",
  from_domains: [],
  from_addresses: [],
  to_addresses: [],
  subject_contains: [],
  subject_excludes: [],
};

export function valuesOf(mailbox: Mailbox | null): MailboxValues {
  return {
    account: mailbox ? (mailbox.is_attached ? mailbox.integration_id : OWN_LOGIN) : "",
    maxTurns: mailbox?.max_turns ?? 10,
    fetchLastHours: mailbox?.fetch_last_hours ?? 3,
    forwardTo: mailbox?.forward_to ?? "",
    signature: mailbox?.signature_html ?? "",
    filters: { ...NO_FILTERS, ...mailbox?.filters },
  };
}

export function bodyOf(values: MailboxValues, stored: Mailbox | null): Schemas["MailboxPut"] {
  return {
    ...(values.account === OWN_LOGIN && stored ? loginOf(stored) : { integration_id: values.account }),
    ...(typeof values.maxTurns === "number" ? { max_turns: values.maxTurns } : {}),
    ...(typeof values.fetchLastHours === "number" ? { fetch_last_hours: values.fetchLastHours } : {}),
    forward_to: values.forwardTo.trim() || null,
    signature_html: values.signature || null,
    filters: { ...values.filters, folder: values.filters.folder.trim() || NO_FILTERS.folder },
  };
}

function loginOf({ address, username, imap_host, imap_port, imap_security, smtp_host, smtp_port, smtp_security }: Mailbox) {
  return { address, username, imap_host, imap_port, imap_security, smtp_host, smtp_port, smtp_security };
}

export function isSame(one: MailboxValues, other: MailboxValues): boolean {
  return canonical(one) === canonical(other);
}

/** An account that only sends cannot be answered from. */
export function canBeRead(account: Account): boolean {
  return account.provider === "smtp" && Boolean(account.settings.imap_host);
}

/** Where mail to this account goes. */
export function addressOf(account: Account): string {
  return typeof account.settings.sender === "string" ? account.settings.sender : account.name;
}

/** How many entries narrow down which mail is read. */
export function countFilters({ folder, ...lists }: Filters): number {
  return Object.values(lists).reduce((sum, list) => sum + list.length, folder === NO_FILTERS.folder ? 0 : 1);
}
