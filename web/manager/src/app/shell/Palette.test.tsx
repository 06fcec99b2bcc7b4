/** Proves UI4: the command palette is used with the keyboard alone and tells a screen reader what is chosen. */
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { queryClient } from "../../api/queryClient";
import { exampleAgent } from "../../features/agent/draft/exampleAgent";
import { renderInRouter } from "../../ui/renderInRouter";
import Palette from "./Palette";

const server = setupServer(
  http.get("*/v1/me", () => HttpResponse.json({ tenant_id: "t", kind: "user", id: "u", name: "Ann", role: "owner", scopes: [] })),
  http.get("*/v1/agents", () => HttpResponse.json({ agents: [exampleAgent()], next_cursor: null })),
  http.get("*/v1/numbers", () => HttpResponse.json({ numbers: [], next_cursor: null })),
  http.get("*/v1/calls", () => HttpResponse.json({ calls: [], next_cursor: null })),
);
beforeAll(() => server.listen());
afterEach(() => {
  server.resetHandlers();
  queryClient.clear();
});
afterAll(() => server.close());

async function opened() {
  const onClose = vi.fn();
  const { router } = await renderInRouter(<Palette isOpen onClose={onClose} />);
  const field = await screen.findByRole("combobox");
  await screen.findByText("Bella", {}, { timeout: 15_000 });
  return { onClose, field, router };
}

const active = (field: HTMLElement) => document.getElementById(field.getAttribute("aria-activedescendant") ?? "");

test("typing narrows the list, the arrows go through it, Enter opens", async () => {
  const { field, onClose, router } = await opened();
  fireEvent.change(field, { target: { value: "bella test" } });
  expect(active(field)).toHaveTextContent("Bella · Test");
  fireEvent.keyDown(field, { key: "Enter" });
  expect(onClose).toHaveBeenCalled();
  await waitFor(() => expect(router.state.location.pathname).toBe("/agents/pizzeria/test"));
});

test("the arrows wrap around, and only the active option is selected", async () => {
  const { field } = await opened();
  fireEvent.change(field, { target: { value: "theme" } });
  const first = active(field)?.textContent;
  fireEvent.keyDown(field, { key: "ArrowUp" });
  expect(active(field)?.textContent).not.toBe(first);
  fireEvent.keyDown(field, { key: "ArrowDown" });
  expect(active(field)?.textContent).toBe(first);
  expect(screen.getAllByRole("option", { selected: true })).toHaveLength(1);
});

test("nothing found says what can be looked for", async () => {
  const { field } = await opened();
  fireEvent.change(field, { target: { value: "zq" } });
  expect(screen.queryAllByRole("option")).toHaveLength(0);
  expect(screen.getByText(/Nothing is called/)).toBeInTheDocument();
});

test("of more agents than are at hand the API finds the one that is typed", async () => {
  const asked: string[] = [];
  server.use(
    http.get("*/v1/agents", ({ request }) => {
      const q = new URL(request.url).searchParams.get("q");
      if (q === null) return HttpResponse.json({ agents: [exampleAgent()], next_cursor: "more" });
      asked.push(q);
      return HttpResponse.json({ agents: [exampleAgent({ agent_id: "roma", display_name: "Roma" })], next_cursor: null });
    }),
  );
  const { field } = await opened();
  fireEvent.change(field, { target: { value: "roma test" } });
  await waitFor(() => expect(active(field)).toHaveTextContent("Roma · Test"));
  expect(asked).toEqual(["roma"]);
});
