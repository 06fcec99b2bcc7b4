/** Proves D2: the history is compared and an earlier deployment goes live again, after a question. */
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { queryClient } from "../../../api/queryClient";
import { renderInRouter } from "../../../ui/renderInRouter";
import { DraftProvider } from "../draft/DraftProvider";
import { FakeAgentServer } from "../fakeAgentServer";
import { DeploymentsPage } from "./DeploymentsPage";

window.scrollTo = () => undefined;
vi.setConfig({ testTimeout: 60_000 });
const LONG = { timeout: 20_000 };
const network = setupServer();
let server: FakeAgentServer;
let live = 12;

beforeAll(() => network.listen());
beforeEach(() => {
  server = new FakeAgentServer();
  live = 12;
  const of = (deployment: number) => ({
    deployment,
    created_at: "2026-01-01T00:00:00Z",
    created_by: "Ann",
    is_active: deployment === live,
  });
  network.use(
    ...server.handlers(),
    http.get("*/v1/agents/:id/deployments/:before/diff/:after", ({ params }) =>
      HttpResponse.json({
        before: Number(params.before),
        after: Number(params.after),
        changes: [{ path: "stages.order.prompt", before: "Take the order.\nBe brief.", after: "Take the order.\nBe kind." }],
      }),
    ),
    http.get("*/v1/agents/:id/deployments", () => HttpResponse.json({ deployments: [of(12), of(11), of(10)], next_cursor: null })),
    http.post("*/v1/agents/:id/deployments/:number/activate", ({ params }) => {
      live = Number(params.number);
      return HttpResponse.json({ deployment: live, deployed_at: "2026-01-03T00:00:00Z", findings: [], effects: [] });
    }),
  );
});
afterEach(() => {
  network.resetHandlers();
  queryClient.clear();
});
afterAll(() => network.close());

async function page() {
  await renderInRouter(
    <DraftProvider loaded={server.agent}>
      <DeploymentsPage />
    </DraftProvider>,
  );
  await screen.findByRole("table", undefined, LONG);
}

it("compares the two newest at first, and any with the live one", async () => {
  await page();
  expect(await screen.findByRole("region", { name: "Prompt of stage order" }, LONG)).toHaveTextContent("Be kind.");
  const oldest = screen.getAllByRole("row")[3];
  if (!oldest) throw new Error("three deployments");
  fireEvent.click(within(oldest).getByRole("button", { name: "Compare with live" }));
  expect(screen.getByRole("combobox", { name: "Compare from deployment" })).toHaveValue("10");
  expect(screen.getByRole("combobox", { name: "Compare to deployment" })).toHaveValue("12");
});

it("rolls back after a question that says what happens", async () => {
  await page();
  fireEvent.click(await screen.findByRole("button", { name: "Roll back to 11" }, LONG));
  const dialog = await screen.findByRole("dialog", { name: "Roll back to 11?" }, LONG);
  expect(dialog).toHaveTextContent("The draft is not changed");
  expect(live).toBe(12);
  fireEvent.click(within(dialog).getByRole("button", { name: "Roll back to 11" }));
  await waitFor(() => expect(live).toBe(11), LONG);
  expect(await screen.findByRole("button", { name: "Go forward to 12" }, LONG)).toBeInTheDocument();
});
