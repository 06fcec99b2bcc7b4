/** Proves AC1: owners see and manage people, but not themselves away; everybody else is told why there is no list. */
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { beforeEach, expect, it, vi } from "vitest";
import type { Role } from "../../../api/me";
import { exampleMe, fakeApi } from "../../../ui/fakeApi";
import { renderInRouter } from "../../../ui/renderInRouter";
import { UsersSection } from "./UsersSection";

// Forms under jsdom are slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });
const LONG = { timeout: 15_000 };
const person = (id: string, name: string, role: Role) => ({
  id,
  name,
  role,
  email: `${name.toLowerCase()}@example.com`,
  is_active: true,
  created_at: "2026-01-02T10:00:00Z",
});

let role: Role;
let told: unknown[];
beforeEach(() => {
  role = "owner";
  told = [];
});
fakeApi(
  http.get("*/v1/me", () => HttpResponse.json(exampleMe(role))),
  http.get("*/v1/users", () =>
    HttpResponse.json({ users: [person("u", "Ann", "owner"), person("b", "Ben", "viewer")], next_cursor: null }),
  ),
  http.patch("*/v1/users/b", async ({ request }) => {
    told.push(await request.json());
    return HttpResponse.json(person("b", "Ben", "editor"));
  }),
  http.delete("*/v1/users/b", () => {
    told.push("removed");
    return new HttpResponse(null, { status: 204 });
  }),
);

it("lets an owner change and remove others", async () => {
  await renderInRouter(<UsersSection />);
  const ann = await screen.findByRole("row", { name: /Ann/ }, LONG);
  expect(within(ann).queryByRole("button", { name: "Remove" })).not.toBeInTheDocument();
  const ben = screen.getByRole("row", { name: /Ben/ });
  fireEvent.click(within(ben).getByRole("combobox", { name: "Role of ben@example.com" }));
  fireEvent.click(await screen.findByRole("option", { name: "Editor: designs and deploys agents" }, LONG));
  await waitFor(() => expect(told).toEqual([{ role: "editor" }]), LONG);
  fireEvent.click(within(ben).getByRole("button", { name: "Remove" }));
  const dialog = await screen.findByRole("dialog", { name: "Remove ben@example.com?" }, LONG);
  fireEvent.click(within(dialog).getByRole("button", { name: "Remove ben@example.com" }));
  await waitFor(() => expect(told).toEqual([{ role: "editor" }, "removed"]), LONG);
});

it("tells others that only owners see people", async () => {
  role = "editor";
  await renderInRouter(<UsersSection />);
  expect(await screen.findByText("Only owners see the people of a workspace.", {}, LONG)).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Add a person" })).toBeDisabled();
  expect(screen.queryByRole("table")).not.toBeInTheDocument();
});
