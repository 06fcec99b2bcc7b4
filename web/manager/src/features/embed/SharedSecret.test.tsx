/** Proves E1 E4 UI1: a secret is replaced with an overlap of one's choice, the one before shows when it ends and can be ended at once. */
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { beforeEach, expect, test, vi } from "vitest";
import type { Role } from "../../api/me";
import { exampleMe, fakeApi } from "../../ui/fakeApi";
import { renderInRouter } from "../../ui/renderInRouter";
import type { EmbedToken } from "./EmbedPage";
import { SharedSecret } from "./SharedSecret";

// Forms under jsdom are slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const AT = "2026-01-02T10:00:00Z";
const TOKEN: EmbedToken = {
  id: "e1",
  token: "emb_1",
  label: "Shop",
  agent_id: "a",
  allowed_origins: [],
  require_authentication: true,
  is_active: true,
  created_at: AT,
  updated_at: AT,
  last_used_at: null,
  snippet: "<div></div>",
  script_url: "https://v/callstage_embed.js",
  previous_expires_at: null,
};
const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
let told: unknown[] = [];
let role: Role = "editor";

fakeApi(
  http.get("*/v1/me", () => HttpResponse.json(exampleMe(role))),
  http.post("*/v1/embed-tokens/e1/rotate-secret", async ({ request }) => {
    told.push(await request.json());
    return HttpResponse.json({ shared_secret: "embs_new", previous_expires_at: inMinutes(60) });
  }),
  http.delete("*/v1/embed-tokens/e1/previous-secret", () => {
    told.push("ended");
    return new HttpResponse(null, { status: 204 });
  }),
);
beforeEach(() => {
  told = [];
  role = "editor";
});

const LONG = { timeout: 15_000 };
const button = (name: string) => screen.findByRole<HTMLButtonElement>("button", { name }, LONG);

async function press(name: string) {
  await waitFor(async () => expect((await button(name)).disabled).toBe(false), LONG);
  fireEvent.click(await button(name));
}

test("it is replaced with an overlap of an hour, unless another is chosen", async () => {
  await renderInRouter(<SharedSecret token={TOKEN} />);
  expect(screen.queryByRole("button", { name: "End now" })).toBeNull();
  await press("Replace it");
  await press("Replace the secret");
  expect(await screen.findByText("embs_new", {}, LONG)).toBeTruthy();
  expect(told).toEqual([{ overlap_s: 3600 }]);
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull(), LONG);
  await press("Replace it");
  fireEvent.click(await screen.findByRole("combobox", { name: "The present secret works on for" }, LONG));
  fireEvent.click(await screen.findByRole("option", { name: "Not at all: it ends at once" }, LONG));
  expect(await screen.findByText(/are refused from now on, until/, {}, LONG)).toBeTruthy();
  await press("Replace the secret");
  await waitFor(() => expect(told).toEqual([{ overlap_s: 3600 }, { overlap_s: 0 }]), LONG);
});

test("the secret before tells when it ends, and is ended at once", async () => {
  await renderInRouter(<SharedSecret token={{ ...TOKEN, previous_expires_at: inMinutes(42.2) }} />);
  expect((await screen.findByText(/The secret before this one works, too, and ends/, {}, LONG)).textContent).toContain("in 42 minutes");
  await press("End now");
  expect(await screen.findByText(/Conversations that run go on/, {}, LONG)).toBeTruthy();
  await press("End it now");
  await waitFor(() => expect(told).toEqual(["ended"]), LONG);
});

test("a viewer changes nothing, and what is over is not shown", async () => {
  role = "viewer";
  await renderInRouter(<SharedSecret token={{ ...TOKEN, previous_expires_at: AT }} />);
  expect((await button("Replace it")).disabled).toBe(true);
  expect(screen.queryByText(/The secret before/)).toBeNull();
});
