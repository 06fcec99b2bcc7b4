/** Proves UI1: the home page shows the agents edited last first, further ones page by page, and finds any of them by name. */
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { queryClient } from "../../api/queryClient";
import { renderInRouter } from "../../ui/renderInRouter";
import { exampleAgent } from "../agent/draft/exampleAgent";
import { HomePage } from "./HomePage";

// The page reads its search through its own route.
vi.mock("@tanstack/react-router", async (original) => ({ ...(await original<object>()), useSearch: () => ({}) }));
window.IntersectionObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
} as unknown as typeof IntersectionObserver;

const AGENTS = Array.from({ length: 40 }, (_, at) => exampleAgent({ agent_id: `a${at}`, display_name: `Agent ${at}` }));
let asked: Record<string, string>[] = [];
const server = setupServer(
  http.get("*/v1/me", () => HttpResponse.json({ tenant_id: "t", kind: "user", id: "u", name: "Ann", role: "viewer", scopes: [] })),
  http.get("*/v1/agents/stats", () => HttpResponse.json({ stats: [] })),
  http.get("*/v1/agents", ({ request }) => {
    const query = Object.fromEntries(new URL(request.url).searchParams);
    asked.push(query);
    const found = AGENTS.filter((agent) => agent.display_name.includes(query.q ?? ""));
    const [from, limit] = [Number(query.cursor ?? 0), Number(query.limit)];
    const end = from + limit;
    return HttpResponse.json({ agents: found.slice(from, end), next_cursor: end < found.length ? String(end) : null });
  }),
);
beforeAll(() => server.listen());
afterEach(() => {
  server.resetHandlers();
  queryClient.clear();
  asked = [];
});
afterAll(() => server.close());

const cards = () => screen.queryAllByRole("heading", { level: 2 });

test("further agents come page by page", async () => {
  await renderInRouter(<HomePage />);
  await waitFor(() => expect(cards()).toHaveLength(24), { timeout: 15_000 });
  expect(asked[0]).toMatchObject({ sort: "edited" });
  fireEvent.click(screen.getByRole("button", { name: "Show more agents" }));
  await waitFor(() => expect(cards()).toHaveLength(40), { timeout: 15_000 });
  expect(screen.queryByRole("button", { name: "Show more agents" })).toBeNull();
});

test("an agent that is not on the page is found by its name", async () => {
  await renderInRouter(<HomePage />);
  await waitFor(() => expect(cards()).toHaveLength(24), { timeout: 15_000 });
  fireEvent.change(screen.getByRole("textbox", { name: "Search agents" }), { target: { value: "Agent 39" } });
  await waitFor(() => expect(cards().map((card) => card.textContent)).toEqual(["Agent 39"]), { timeout: 15_000 });
  fireEvent.change(screen.getByRole("textbox", { name: "Search agents" }), { target: { value: "nobody" } });
  expect(await screen.findByText("No agent is called “nobody”.")).toBeInTheDocument();
});
