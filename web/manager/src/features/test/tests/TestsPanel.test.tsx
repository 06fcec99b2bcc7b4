/** Proves D6: tests are run against the draft that is saved first; another way stands apart from other words; deleting asks by name. */
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { Schemas } from "../../../api/api";
import { queryClient } from "../../../api/queryClient";
import { renderInRouter } from "../../../ui/renderInRouter";
import { exampleAgent } from "../../agent/draft/exampleAgent";
import type { Difference } from "./differences";
import { TestsPanel } from "./TestsPanel";

const DRAFT = exampleAgent({ agent_id: "shop" });
const AT = "2026-01-02T10:00:00Z";
const TEST: Schemas["AgentTestView"] = {
  id: "test_1",
  agent_id: "shop",
  name: "Buys a rose",
  source: "session",
  call_id: null,
  is_anonymous: false,
  user_turns: 2,
  stages: ["pay"],
  tools: ["buy"],
  ended_reason: "agent_ended",
  created_by: "Ann",
  created_at: AT,
  last_run_at: null,
  last_passed: null,
};
const difference = (kind: Difference["kind"], draft: string): Difference => ({
  kind,
  at_ms: 0,
  what: "the stage",
  recorded: "pay",
  draft,
  after: "step 3",
});
let tests: Schemas["AgentTestView"][] = [];
let calls: string[] = [];

const server = setupServer(
  http.get("*/v1/me", () => HttpResponse.json({ tenant_id: "t", kind: "user", id: "u", name: "Ann", role: "editor", scopes: [] })),
  http.get("*/v1/agents/shop/tests", () => HttpResponse.json({ tests })),
  http.post("*/v1/agents/shop/tests/run", () => {
    calls.push("run");
    const result: Schemas["AgentTestResult"] = {
      test_id: "test_1",
      name: "Buys a rose",
      passed: false,
      decisions: 4,
      differences: [difference("stage", "wrap"), difference("words", "Other words.")],
      differences_total: 2,
      error: null,
      ran_at: AT,
    };
    return HttpResponse.json({ passed: 0, failed: 1, results: [result] });
  }),
  http.delete("*/v1/agents/shop/tests/test_1", () => {
    tests = [];
    return new HttpResponse(null, { status: 204 });
  }),
);
beforeAll(() => server.listen());
beforeEach(() => {
  tests = [TEST];
  calls = [];
});
afterEach(() => {
  server.resetHandlers();
  queryClient.clear();
});
afterAll(() => server.close());

const LONG = { timeout: 15_000 };

test("saves the draft before it runs, and shows where it goes another way", async () => {
  const save = vi.fn(async () => void calls.push("save"));
  await renderInRouter(<TestsPanel draft={DRAFT} save={save} />);
  const run = await screen.findByRole("button", { name: "Run the test" }, LONG);
  await waitFor(() => expect(run).toBeEnabled(), LONG);
  fireEvent.click(run);
  expect(await screen.findByText("Goes another way in 1 place", {}, LONG)).toBeInTheDocument();
  expect(calls).toEqual(["save", "run"]);
  expect(screen.getByText("wrap")).toBeInTheDocument();
  expect(screen.getByText("1 told or paced otherwise, the same way")).toBeInTheDocument();
  expect(screen.getByRole("status")).toHaveTextContent("1 of 1 tests did not pass.");
});

test("asks before a test is deleted, and teaches when there is none", async () => {
  await renderInRouter(<TestsPanel draft={DRAFT} save={async () => undefined} />);
  const remove = await screen.findByRole("button", { name: "Delete the test Buys a rose" }, LONG);
  await waitFor(() => expect(remove).toBeEnabled(), LONG);
  fireEvent.click(remove);
  const dialog = await screen.findByRole("dialog", {}, LONG);
  fireEvent.click(within(dialog).getByRole("button", { name: "Delete “Buys a rose”" }));
  expect(await screen.findByText(/No tests yet/, {}, LONG)).toBeInTheDocument();
});
