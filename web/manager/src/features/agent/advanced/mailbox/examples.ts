/** For tests: an account and the mailbox of an agent that reads it. */
import type { Account, Mailbox } from "./values";

export function exampleAccount(changes: Partial<Account> = {}): Account {
  return {
    id: "acc-1",
    category: "email",
    provider: "smtp",
    name: "Shop",
    settings: { sender: "shop@example.com", imap_host: "imap.example.com", smtp_host: "smtp.example.com", username: "shop" },
    account: "",
    used_by: [],
    created_at: "2026-01-01T00:00:00Z",
    updated_at: "2026-01-01T00:00:00Z",
    ...changes,
  };
}

export function exampleMailbox(changes: Partial<Mailbox> = {}): Mailbox {
  return {
    agent_id: "pizzeria",
    integration_id: "acc-1",
    is_attached: true,
    address: "shop@example.com",
    imap_host: "imap.example.com",
    imap_port: 993,
    imap_security: "tls",
    smtp_host: "smtp.example.com",
    smtp_port: 587,
    smtp_security: "starttls",
    username: "shop",
    has_password: true,
    max_turns: 10,
    forward_to: null,
    fetch_last_hours: 3,
    signature_html: null,
    last_error: null,
    last_error_at: null,
    updated_at: "2026-01-01T00:00:00Z",
    ...changes,
  };
}
