/** Proves M1 M3: what the form of a mailbox begins with, and what it sends. */
import { describe, expect, it } from "vitest";
import { exampleAccount, exampleMailbox } from "./examples";
import { bodyOf, canBeRead, countFilters, isSame, OWN_LOGIN, valuesOf } from "./values";

describe("a mailbox", () => {
  it("begins with the platform's defaults", () => {
    expect(valuesOf(null)).toMatchObject({ account: "", maxTurns: 10, fetchLastHours: 3, filters: { folder: "INBOX", from_domains: [] } });
  });

  it("names its account and no servers", () => {
    const stored = exampleMailbox();
    const body = bodyOf({ ...valuesOf(stored), forwardTo: " team@example.com ", maxTurns: 20 }, stored);
    expect(body).toEqual({
      integration_id: "acc-1",
      max_turns: 20,
      fetch_last_hours: 3,
      forward_to: "team@example.com",
      signature_html: null,
      filters: valuesOf(stored).filters,
    });
  });

  it("keeps a login of its own, whose password the API knows", () => {
    const stored = exampleMailbox({ is_attached: false });
    const values = valuesOf(stored);
    expect(values.account).toBe(OWN_LOGIN);
    expect(bodyOf(values, stored)).toMatchObject({ address: "shop@example.com", imap_host: "imap.example.com", username: "shop" });
    expect(bodyOf(values, stored)).not.toHaveProperty("integration_id");
  });

  it("leaves an emptied number to the platform, and reads INBOX when no folder is named", () => {
    const body = bodyOf({ ...valuesOf(exampleMailbox()), maxTurns: "", filters: { ...valuesOf(null).filters, folder: " " } }, null);
    expect(body).not.toHaveProperty("max_turns");
    expect(body.filters?.folder).toBe("INBOX");
  });

  it("knows its changes and its filters", () => {
    const values = valuesOf(exampleMailbox());
    expect(isSame(values, { ...values })).toBe(true);
    expect(isSame(values, { ...values, signature: "<p>x</p>" })).toBe(false);
    expect(countFilters({ ...values.filters, folder: "Orders", subject_contains: ["order", "quote"] })).toBe(3);
  });
});

it("accounts without an IMAP server only send", () => {
  expect(canBeRead(exampleAccount())).toBe(true);
  expect(canBeRead(exampleAccount({ settings: { sender: "a@b.example" } }))).toBe(false);
  expect(canBeRead(exampleAccount({ provider: "gmail" }))).toBe(false);
});
