/** Proves D6: a deploy is rehearsed with recent calls, what goes otherwise is shown with its call, and tests and calls can be asked for. */
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { beforeEach, expect, it } from "vitest";
import type { Schemas } from "../../../../api/api";
import { LONG, testEditor } from "../../testEditor";
import { DeployBar } from "../DeployBar";
import type { Rehearsal, RehearsedCall } from "./rehearsal";

const editor = testEditor();
let tests: object[] = [];
let result: Rehearsal;
let asked: Schemas["DeployAsk"] | null = null;

const call = (call_id: string, more: Partial<RehearsedCall> = {}): RehearsedCall => ({
  call_id,
  started_at: "2026-01-02T10:00:00Z",
  duration_ms: 42_000,
  channel: "twilio",
  caller_phone: "+12025550161",
  deployment: 12,
  verdict: "same_way",
  decisions: 20,
  differences: [],
  differences_total: 0,
  reason: null,
  detail: null,
  ...more,
});
const OTHERWISE = call("c2", {
  verdict: "otherwise",
  differences: [
    { kind: "stage", at_ms: 4210, what: "what follows from the tools", recorded: "moves to the stage pay", draft: "stays", after: "buy" },
  ],
  differences_total: 1,
});

const of = (calls: RehearsedCall[], not_used = 0): Rehearsal => {
  const count = (verdict: RehearsedCall["verdict"]) => calls.filter((one) => one.verdict === verdict).length;
  const counts = { same_way: count("same_way"), otherwise: count("otherwise"), not_rehearsed: count("not_rehearsed") };
  return { version: 1, ...counts, not_used, calls };
};

beforeEach(() => {
  tests = [{}, {}];
  result = of([call("c1"), OTHERWISE, call("c3", { verdict: "not_rehearsed", reason: "not_recorded", detail: "it is too old" })], 2);
  asked = null;
  editor.network.use(
    http.get("*/v1/agents/:id/tests", () => HttpResponse.json({ tests })),
    http.post("*/v1/agents/:id/rehearse", () => {
      const events: [string, object][] = [
        ["begun", { calls: result.calls.length }],
        ["done", { result }],
      ];
      const body = events.map(([event, data]) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`).join("");
      return new HttpResponse(body, { headers: { "content-type": "text/event-stream" } });
    }),
    http.post("*/v1/agents/:id/deploy", async ({ request }) => {
      asked = (await request.json()) as Schemas["DeployAsk"];
      const blocks = { code: "call_goes_otherwise", severity: "error", message: "The call goes another way.", hint: "Look at it." };
      const finding = { ...blocks, stage: null, tool: null, line: null, call_id: "c2" };
      if (asked.rehearse_last)
        return HttpResponse.json({ status: 422, code: "deploy_blocked", detail: "No.", findings: [finding] }, { status: 422 });
      return HttpResponse.json({ deployment: 13, deployed_at: "2026-01-02T00:00:00Z", findings: [], effects: [] });
    }),
  );
});

async function dialog() {
  await editor.open(<DeployBar />, "/agents/pizzeria/stages");
  fireEvent.click(screen.getByRole("button", { name: "Deploy" }));
  return within(await screen.findByRole("dialog", undefined, LONG));
}

it("tells how many calls go the same way, and of the others where they part", async () => {
  const drawer = await dialog();
  fireEvent.click(drawer.getByRole("button", { name: "Rehearse with the last 10 calls" }));
  expect(await drawer.findByText("1 of 2 go the same way", undefined, LONG)).toBeInTheDocument();
  expect(drawer.getByText(/^1 could not be rehearsed\. 2 more recent calls were not used/)).toBeInTheDocument();
  const [first] = drawer.getAllByRole("button", { name: /\+1 202 555 0161/ });
  if (!first) throw new Error("three calls");
  expect(within(first).getByLabelText("Another way")).toBeInTheDocument();
  fireEvent.click(first);
  expect(drawer.getByText("moves to the stage pay")).toBeInTheDocument();
  expect(drawer.getByRole("link", { name: "Open the call where it parts" })).toHaveAttribute("href", "/calls/c2?t=4.2");
});

it("teaches how calls come to be rehearsed when there are none", async () => {
  result = of([]);
  const drawer = await dialog();
  fireEvent.click(drawer.getByRole("button", { name: "Rehearse with the last 10 calls" }));
  expect(await drawer.findByText(/^No recorded calls yet\./, undefined, LONG)).toBeInTheDocument();
  expect(drawer.getByRole("link", { name: "turn on recording and disclosure" })).toHaveAttribute(
    "href",
    "/agents/pizzeria/advanced#recording",
  );
});

it("is blocked by what was asked for, says why, and deploys without it", async () => {
  const drawer = await dialog();
  fireEvent.click(await drawer.findByRole("checkbox", { name: /Recent calls go the same way/ }, LONG));
  fireEvent.click(drawer.getByRole("button", { name: "Deploy now" }));
  const alert = within(await drawer.findByRole("alert", undefined, LONG));
  expect(asked).toEqual({ require_tests: false, rehearse_last: 10 });
  expect(alert.getByText("The call goes another way.")).toBeInTheDocument();
  expect(alert.getByRole("link", { name: "Open the call" })).toHaveAttribute("href", "/calls/c2");
  fireEvent.click(drawer.getByRole("checkbox", { name: /Recent calls go the same way/ }));
  fireEvent.click(drawer.getByRole("checkbox", { name: /Tests pass/ }));
  fireEvent.click(drawer.getByRole("button", { name: "Deploy now" }));
  await waitFor(() => expect(asked).toEqual({ require_tests: true, rehearse_last: null }), LONG);
});

it("cannot ask for tests that are not there", async () => {
  tests = [];
  const drawer = await dialog();
  expect(await drawer.findByText("This agent has no tests yet.", undefined, LONG)).toBeInTheDocument();
  expect(drawer.getByRole("checkbox", { name: /Tests pass/ })).toBeDisabled();
  expect(drawer.getByRole("link", { name: "Save a conversation as a test" })).toHaveAttribute("href", "/agents/pizzeria/test");
});
