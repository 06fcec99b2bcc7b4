/** Proves X4 UI1: the Live page shows running calls as they happen, sends hints, ends calls by name, and comes back when the stream breaks. */
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { queryClient } from "../../api/queryClient";
import { renderInRouter } from "../../ui/renderInRouter";
import { LivePage } from "./LivePage";
import type { LiveCall, LiveEvent } from "./liveState";

const AT = "2026-01-02T10:00:00Z";
const CALL: LiveCall = {
  call_id: "c1",
  session_id: "s",
  agent_id: "shop",
  agent_name: "Mia",
  channel: "twilio",
  direction: "inbound",
  caller_phone: "+12025550147",
  to_number: null,
  is_test: false,
  status: "active",
  stage: "order",
  started_at: AT,
  answered_at: AT,
};
let streams: ReadableStreamDefaultController<Uint8Array>[] = [];
let told: { path: string; body: unknown }[] = [];
let role = "editor";

const server = setupServer(
  http.get("*/v1/me", () => HttpResponse.json({ tenant_id: "t", kind: "user", id: "u", name: "Ann", role, scopes: [] })),
  http.get("*/v1/calls/c1", () =>
    HttpResponse.json({ ...CALL, transcript: [{ turn: 0, role: "assistant", text: "Welcome.", stage: "order" }] }),
  ),
  http.get("*/v1/live/events", () => {
    const body = new ReadableStream<Uint8Array>({ start: (controller) => void streams.push(controller) });
    return new HttpResponse(body, { headers: { "content-type": "text/event-stream" } });
  }),
  http.post("*/v1/live/calls/c1/:what", async ({ request, params }) => {
    told.push({ path: String(params.what), body: await request.json().catch(() => null) });
    return HttpResponse.json({ call_id: "c1", ok: true });
  }),
);
beforeAll(() => server.listen());
beforeEach(() => {
  streams = [];
  told = [];
  role = "editor";
});
afterEach(() => {
  server.resetHandlers();
  queryClient.clear();
});
afterAll(() => server.close());

const LONG = { timeout: 15_000 };

async function say(...events: LiveEvent[]) {
  await waitFor(() => expect(streams.length).toBeGreaterThan(0), LONG);
  const text = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
  streams.at(-1)?.enqueue(new TextEncoder().encode(text));
}

async function opened() {
  await renderInRouter(<LivePage />, "/live");
  await say({ type: "calls", at: AT, calls: [CALL] });
  return screen.findByRole("log", {}, LONG);
}

test("teaches what would stand there while no call runs", async () => {
  await renderInRouter(<LivePage />, "/live");
  await say({ type: "calls", at: AT, calls: [] });
  expect(await screen.findByText("No call runs now", {}, LONG)).toBeInTheDocument();
});

test("shows what was said before and what is being said", async () => {
  const log = await opened();
  await screen.findByText("Welcome.", {}, LONG);
  await say({ type: "caption", at: AT, call_id: "c1", role: "user", text: "A ro", is_final: false });
  await waitFor(() => expect(log).toHaveTextContent("A ro"), LONG);
  await say({ type: "caption", at: AT, call_id: "c1", role: "user", text: "A rose please.", is_final: true });
  await waitFor(() => expect(log).toHaveTextContent("A rose please."), LONG);
  expect(log).not.toHaveTextContent("A roA rose");
});

test("sends a hint, and ends the call after asking by name", async () => {
  await opened();
  const field = await screen.findByLabelText("Hint for the AI");
  await waitFor(() => expect(field).toBeEnabled(), LONG);
  fireEvent.change(field, { target: { value: " Offer ten percent " } });
  fireEvent.click(screen.getByRole("button", { name: "Send the hint" }));
  await waitFor(() => expect(told).toEqual([{ path: "hint", body: { text: "Offer ten percent" } }]), LONG);
  fireEvent.click(screen.getByRole("button", { name: "End the call" }));
  fireEvent.click(await screen.findByRole("button", { name: "End the call with +1 202 555 0147" }, LONG));
  await waitFor(() => expect(told[1]?.path).toBe("end"), LONG);
});

test("a viewer looks only", async () => {
  role = "viewer";
  await opened();
  expect(await screen.findByRole("button", { name: "Send the hint" })).toBeDisabled();
  expect(screen.getByRole("button", { name: "End the call" })).toBeDisabled();
});

test("comes back when the stream breaks, and keeps what it had", async () => {
  const log = await opened();
  await say({ type: "turn", at: AT, call_id: "c1", role: "user", text: "Hello?", turn: 1 });
  await waitFor(() => expect(log).toHaveTextContent("Hello?"), LONG);
  streams[0]?.close();
  await screen.findByText("Connection lost, coming back", {}, LONG);
  await waitFor(() => expect(streams.length).toBe(2), LONG);
  await say({ type: "calls", at: AT, calls: [CALL] });
  await screen.findByText("Live", { selector: "[role=status] *" }, LONG);
  expect(screen.getByRole("log")).toHaveTextContent("Hello?");
});
