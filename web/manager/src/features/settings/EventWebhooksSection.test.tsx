/** Proves RE3: an address is added with its secret shown once, tried, its deliveries read and sent again; what is switched off says why. */
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { beforeEach, expect, test, vi } from "vitest";
import type { Role } from "../../api/me";
import { exampleMe, fakeApi } from "../../ui/fakeApi";
import { renderInRouter } from "../../ui/renderInRouter";
import { EventWebhooksSection } from "./EventWebhooksSection";
import type { Delivery, Endpoint } from "./eventTypes";

// Forms under jsdom are slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const AT = "2026-01-02T10:00:00Z";
const ENDPOINT: Endpoint = {
  id: "e1",
  url: "https://crm.example.com/hook",
  description: "CRM",
  event_types: ["call.ended", "transcript.ready"],
  is_active: true,
  disabled_reason: null,
  failing_since: null,
  last_delivered_at: AT,
  previous_expires_at: null,
  created_at: AT,
  updated_at: AT,
};
const DELIVERY: Delivery = {
  id: "msg_1",
  type: "call.ended",
  status: "failed",
  attempts: 8,
  created_at: AT,
  last_attempt_at: AT,
  next_attempt_at: null,
  response_status: 503,
  duration_ms: 42,
  response: "come back later",
  error: null,
  request_body: '{"type":"call.ended"}',
};
let endpoints: Endpoint[] = [];
let told: { path: string; body: unknown }[] = [];
let role: Role = "editor";

fakeApi(
  http.get("*/v1/me", () => HttpResponse.json(exampleMe(role))),
  http.get("*/v1/webhook-endpoints", () => HttpResponse.json({ webhook_endpoints: endpoints, next_cursor: null })),
  http.get("*/v1/webhook-endpoints/e1/deliveries", () => HttpResponse.json({ deliveries: [DELIVERY], next_cursor: null })),
  http.post("*/v1/webhook-endpoints", async ({ request }) => {
    told.push({ path: "create", body: await request.json() });
    endpoints = [ENDPOINT];
    return HttpResponse.json({ ...ENDPOINT, secret: "whsec_once" }, { status: 201 });
  }),
  http.post("*/v1/webhook-endpoints/e1/test", async ({ request }) => {
    told.push({ path: "test", body: await request.json() });
    const answer = { status: null, duration_ms: 3000, response: null, error: "'crm.example.com' did not answer in time" };
    return HttpResponse.json({ ...answer, message_id: "msg_test_1", type: "call.ended", is_delivered: false, request_body: "{}" });
  }),
  http.post("*/v1/webhook-endpoints/e1/deliveries/msg_1/redeliver", () => {
    told.push({ path: "redeliver", body: null });
    return HttpResponse.json({ ...DELIVERY, status: "pending" });
  }),
);
beforeEach(() => {
  endpoints = [ENDPOINT];
  told = [];
  role = "editor";
});

const LONG = { timeout: 15_000 };
const press = async (name: string) => fireEvent.click(await screen.findByRole("button", { name }, LONG));

test("the first address is added, and its secret is shown", async () => {
  endpoints = [];
  await renderInRouter(<EventWebhooksSection />);
  await screen.findByText("Nobody is told yet", {}, LONG);
  await waitFor(() => expect(screen.getByRole<HTMLButtonElement>("button", { name: "Add an address" }).disabled).toBe(false), LONG);
  await press("Add an address");
  const form = await screen.findByRole("dialog", {}, LONG);
  fireEvent.change(within(form).getByLabelText(/^Address/), { target: { value: ENDPOINT.url } });
  fireEvent.click(within(form).getByLabelText("A caller left a message"));
  fireEvent.click(within(form).getByRole("button", { name: "Add the address" }));
  expect(await screen.findByText("whsec_once", {}, LONG)).toBeTruthy();
  const event_types = ["call.ended", "transcript.ready", "voicemail.new"];
  expect(told).toEqual([{ path: "create", body: { url: ENDPOINT.url, description: "", event_types } }]);
});

test("an example is sent and its outcome said", async () => {
  await renderInRouter(<EventWebhooksSection />);
  await waitFor(() => expect(screen.getByRole<HTMLButtonElement>("button", { name: "Send an example" }).disabled).toBe(false), LONG);
  await press("Send an example");
  await press("Send it now");
  expect(await screen.findByText("Not delivered", {}, LONG)).toBeTruthy();
  expect(screen.getByText(/did not answer in time/)).toBeTruthy();
  expect(told).toEqual([{ path: "test", body: { type: "call.ended" } }]);
});

test("the log shows request and answer, and sends once more", async () => {
  await renderInRouter(<EventWebhooksSection />);
  await press("Show what was sent");
  fireEvent.click(await screen.findByText("call.ended", {}, LONG));
  expect(await screen.findByText("come back later", {}, LONG)).toBeTruthy();
  expect(screen.getByText(/8 attempts/)).toBeTruthy();
  await waitFor(() => expect(screen.getByRole<HTMLButtonElement>("button", { name: "Send once more" }).disabled).toBe(false), LONG);
  await press("Send once more");
  await waitFor(() => expect(told).toEqual([{ path: "redeliver", body: null }]), LONG);
});

test("what we switched off says why, and a viewer changes nothing", async () => {
  role = "viewer";
  endpoints = [{ ...ENDPOINT, is_active: false, disabled_reason: "failing" }];
  await renderInRouter(<EventWebhooksSection />);
  expect(await screen.findByText(/Nothing but failures for five days/, {}, LONG)).toBeTruthy();
  expect(screen.getByRole<HTMLButtonElement>("button", { name: "Switch on" }).disabled).toBe(true);
});
