/** Proves M1 M3: e-mail is set up at its place; an empty state teaches, errors stand at their fields, nothing is lost unasked. */
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { beforeEach, expect, it, vi } from "vitest";
import { LONG, testEditor } from "../../testEditor";
import { ActivationSection } from "../sections/ActivationSection";
import { exampleAccount, exampleMailbox } from "./examples";
import type { Account, Mailbox } from "./values";

// ProseMirror needs a layout; the editor itself is tried in signature.test.ts and in a browser.
vi.mock("./signature/SignatureEditor", () => ({
  default: ({ value, onChange }: { value: string; onChange: (html: string) => void }) => (
    <textarea aria-label="Signature" defaultValue={value} onChange={(event) => onChange(event.currentTarget.value)} />
  ),
}));

let mailbox: Mailbox | null;
let accounts: Account[];
let sent: Record<string, unknown> | null;
let refusal: { field: string; message: string } | null;

const editor = testEditor(
  http.get("*/v1/agents/:id/mailbox", () =>
    mailbox ? HttpResponse.json({ mailbox }) : HttpResponse.json({ status: 404, code: "not_found", detail: "none" }, { status: 404 }),
  ),
  http.put("*/v1/agents/:id/mailbox", async ({ request }) => {
    sent = (await request.json()) as Record<string, unknown>;
    if (refusal) {
      const detail = `${refusal.field}: ${refusal.message}`;
      return HttpResponse.json({ status: 422, code: "invalid_request", detail, errors: [refusal] }, { status: 422 });
    }
    mailbox = exampleMailbox({ ...sent, signature_html: sent.signature_html ? "<p>clean</p>" : null } as Partial<Mailbox>);
    return HttpResponse.json({ mailbox });
  }),
  http.delete("*/v1/agents/:id/mailbox", () => {
    mailbox = null;
    return new HttpResponse(null, { status: 204 });
  }),
  http.get("*/v1/integrations", () => HttpResponse.json({ integrations: accounts })),
  http.post("*/v1/integrations/:id/test", () =>
    HttpResponse.json({ ok: false, message: "Reading (IMAP): LOGIN failed. Sending (SMTP): works.", account: "" }),
  ),
);

beforeEach(() => {
  [mailbox, accounts, sent, refusal] = [null, [exampleAccount()], null, null];
  editor.server.change({ channel: "chat" });
});

const opened = () => editor.open(<ActivationSection />, "/agents/pizzeria/advanced");

async function choose(option: string) {
  fireEvent.click(await screen.findByRole("combobox", { name: "Mailbox" }, LONG));
  fireEvent.click(await screen.findByRole("option", { name: option, hidden: true }, LONG));
}

const pasted = (text: string) => ({ clipboardData: { getData: () => text } });

it("teaches what is needed first", async () => {
  accounts = [exampleAccount({ settings: { sender: "shop@example.com" } })];
  await opened();
  expect(await screen.findByText("Attach a mailbox first", {}, LONG)).toBeInTheDocument();
  expect(screen.getByText(/Shop can only send/)).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "Open Integrations" })).toHaveAttribute("href", "/integrations");
});

it("is switched on with an account, and shows what was stored of the signature", async () => {
  await opened();
  expect(screen.queryByRole("spinbutton", { name: "Max turns" })).not.toBeInTheDocument();
  await choose("Shop (shop@example.com)");
  fireEvent.change(await screen.findByRole("textbox", { name: "Forward to" }, LONG), { target: { value: "team@example.com" } });
  fireEvent.paste(screen.getByLabelText("Subject contains any of", { selector: "input" }), pasted("order, quote"));
  fireEvent.paste(screen.getByLabelText("From domains", { selector: "input" }), pasted("@Acme.com"));
  fireEvent.change(await screen.findByRole("textbox", { name: "Signature" }, LONG), { target: { value: "<p>x</p>" } });
  fireEvent.click(screen.getByRole("button", { name: "Switch e-mail on" }));
  await waitFor(() => expect(sent).not.toBeNull(), LONG);
  expect(sent).toMatchObject({
    integration_id: "acc-1",
    max_turns: 10,
    fetch_last_hours: 3,
    forward_to: "team@example.com",
    signature_html: "<p>x</p>",
    filters: { folder: "INBOX", from_domains: ["acme.com"], subject_contains: ["order", "quote"] },
  });
  expect(await screen.findByText(/answers shop@example.com/, {}, LONG)).toBeInTheDocument();
  expect(await screen.findByDisplayValue("<p>clean</p>", {}, LONG)).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Store changes" })).toBeDisabled();
});

it.each([
  ["forward_to", "Forward to"],
  ["max_turns", "Max turns"],
  ["filters.from_domains.0", "From domains"],
  ["integration_id", "Mailbox"],
])("shows the API's words about %s at its field", async (field, name) => {
  mailbox = exampleMailbox();
  refusal = { field, message: `wrong in ${field}` };
  await opened();
  fireEvent.change(await screen.findByRole("textbox", { name: "Forward to" }, LONG), { target: { value: "x@example.com" } });
  fireEvent.click(screen.getByRole("button", { name: "Store changes" }));
  const found = await screen.findAllByLabelText(name, { selector: "input" }, LONG);
  await waitFor(() => expect(found.some((input) => input.getAttribute("aria-invalid") === "true")).toBe(true), LONG);
  expect(screen.getAllByText(`wrong in ${field}`).length).toBeGreaterThan(0);
});

it("says why the mailbox is not read, and tries the login", async () => {
  mailbox = exampleMailbox({ last_error: "LOGIN failed", last_error_at: "2026-01-01T00:00:00Z" });
  await opened();
  expect(await screen.findByText("shop@example.com could not be read", {}, LONG)).toBeInTheDocument();
  fireEvent.click(await screen.findByRole("button", { name: "Test connection" }, LONG));
  expect(await screen.findByText("Reading (IMAP): LOGIN failed. Sending (SMTP): works.", {}, LONG)).toBeInTheDocument();
});

it("waits for the first deploy", async () => {
  editor.server.agent = { ...editor.server.agent, deployed: false, deployment: null };
  mailbox = exampleMailbox();
  await opened();
  expect(await screen.findByText("shop@example.com is read once the agent is deployed", {}, LONG)).toBeInTheDocument();
});

it("names what is lost before it is switched off", async () => {
  mailbox = exampleMailbox({
    signature_html: "<p>x</p>",
    filters: { subject_contains: ["order", "quote"] },
    forward_to: "team@example.com",
  });
  await opened();
  fireEvent.click(await screen.findByRole("button", { name: "Switch e-mail off" }, LONG));
  const dialog = await screen.findByRole("dialog", { name: "Stop answering shop@example.com?" }, LONG);
  for (const lost of ["the signature", "2 filters", /team@example.com/, /The integration stays connected/])
    expect(within(dialog).getByText(lost)).toBeInTheDocument();
  fireEvent.click(within(dialog).getByRole("button", { name: "Switch e-mail off" }));
  await waitFor(() => expect(mailbox).toBeNull(), LONG);
  expect(await screen.findByPlaceholderText("Choose a mailbox", {}, LONG)).toBeInTheDocument();
});

it("asks before changes are left behind", async () => {
  mailbox = exampleMailbox();
  const { router } = await opened();
  fireEvent.change(await screen.findByRole("textbox", { name: "Forward to" }, LONG), { target: { value: "x@example.com" } });
  void router.navigate({ to: "/agents/pizzeria/stages" as never });
  expect(await screen.findByRole("dialog", { name: "The e-mail settings are not stored" }, LONG)).toBeInTheDocument();
  fireEvent.click(screen.getByRole("button", { name: "Stay" }));
  await waitFor(() => expect(router.state.location.pathname).toBe("/agents/pizzeria/advanced"), LONG);
});

it("is for looking at without the role editor", async () => {
  editor.server.role = "viewer";
  mailbox = exampleMailbox();
  await opened();
  expect(await screen.findByRole("textbox", { name: "Forward to" }, LONG)).toHaveAttribute("readonly");
  expect(screen.queryByRole("button", { name: "Switch e-mail off" })).not.toBeInTheDocument();
});
