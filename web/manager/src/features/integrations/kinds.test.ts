/** Proves I1 I5 M1: what the form of an integration shows and sends. */
import { expect, test } from "vitest";
import { initialValues, KINDS, kindOf, settingsOf } from "./kinds";

test("a new mailbox begins with the usual port and security", () => {
  expect(initialValues(kindOf("smtp"))).toMatchObject({ smtp_port: 587, smtp_security: "starttls", imap_port: 993, sender: "" });
});

test("what is stored and not shown is sent back unchanged", () => {
  const stored = { calendar_id: "work", working_hours: { mon: ["10:00", "12:00"] } };
  const values = initialValues(kindOf("google"), stored);
  expect(values.calendar_id).toBe("work");
  expect(settingsOf({ ...values, calendar_id: "other" }, stored)).toMatchObject({
    calendar_id: "other",
    working_hours: { mon: ["10:00", "12:00"] },
  });
});

test("empty optional fields are left out", () => {
  expect(settingsOf({ sender: "a@b.c", sender_name: "" })).toEqual({ sender: "a@b.c" });
  expect(settingsOf({ imap_host: "" }, { imap_host: "imap.example.com" })).toEqual({});
});

test("presets name fields that the form has", () => {
  for (const kind of KINDS) {
    const names = kind.fields.map((field) => field.name);
    for (const preset of kind.presets ?? []) expect(names).toEqual(expect.arrayContaining(Object.keys(preset.values)));
  }
});

test("accounts with a consent page ask for no secret", () => {
  for (const kind of KINDS) expect(kind.isOAuth).toBe(kind.secret === undefined);
});
