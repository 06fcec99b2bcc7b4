/** Proves A2 A5 I2 V8: settings say what they do, save what is right, and show what the API refuses under its field. */
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { expect, it, vi } from "vitest";
import { LONG, testEditor } from "../testEditor";
import { AdvancedTab } from "./AdvancedTab";

// jsdom has no layout, without which CodeMirror cannot draw.
vi.mock("../prompt/PromptCode", () => ({ default: () => <textarea aria-label="Persona" /> }));
const NO_BACKEND = { status: 404, code: "not_found", detail: "this agent has no backend" };
const CALENDAR = { id: "cal-1", category: "calendar", provider: "google", name: "Office", settings: {}, account: "a@b.example" };
const editor = testEditor(
  http.get("*/v1/agents/:id/backend", () => HttpResponse.json(NO_BACKEND, { status: 404 })),
  http.get("*/v1/integrations", () => HttpResponse.json({ integrations: [CALENDAR] })),
  http.get("*/v1/tools/standard", () => HttpResponse.json({ tools: [] })),
  http.get("*/v1/providers/health", () => HttpResponse.json({ providers: [] })),
  http.get("*/v1/voices", () =>
    HttpResponse.json({ voices: [{ provider: "openai", voice: "nova", name: "Nova", language: "multi", gender: "female" }], notes: {} }),
  ),
);

const opened = () => editor.open(<AdvancedTab />, "/agents/pizzeria/advanced");

it("says what a slider does at its value, and saves it", async () => {
  await opened();
  const slider = await screen.findByRole("slider", { name: "Interruption sensitivity" }, LONG);
  expect(slider).toHaveAttribute("aria-valuetext", expect.stringContaining("Balanced: 200 ms"));
  fireEvent.keyDown(slider, { key: "Home" });
  expect(await screen.findByText(/Never interrupted/)).toBeInTheDocument();
  await waitFor(() => expect(editor.server.agent.interruption_sensitivity).toBe(0), LONG);
});

it("keeps a wrong number out of the draft and says why; a right one is saved", async () => {
  await opened();
  const phone = await screen.findByRole("textbox", { name: "Phone number" }, LONG);
  fireEvent.change(phone, { target: { value: "12025550123" } });
  fireEvent.blur(phone);
  expect(screen.getByText(/Write the number in full/)).toBeInTheDocument();
  fireEvent.change(phone, { target: { value: "+12025550123" } });
  expect(screen.queryByText(/Write the number in full/)).not.toBeInTheDocument();
  await waitFor(() => expect(editor.server.agent.test_caller_phone).toBe("+12025550123"), LONG);
});

it("shows what the API refuses under its field", async () => {
  const detail = "tools_webhook_url: this address is not public";
  editor.network.use(
    http.patch("*/v1/agents/:id", () => HttpResponse.json({ status: 422, code: "invalid_request", detail }, { status: 422 })),
  );
  await opened();
  const address = await within(await screen.findByRole("region", { name: "Tools webhook" }, LONG)).findByRole("textbox", {
    name: "Address",
  });
  fireEvent.change(address, { target: { value: "https://10.0.0.1/hook" } });
  await waitFor(() => expect(address).toHaveAccessibleDescription(/this address is not public/), LONG);
});

it("attaches an account and lets it go", async () => {
  await opened();
  const account = await screen.findByRole("combobox", { name: "Calendar" }, LONG);
  fireEvent.click(account);
  fireEvent.click(await screen.findByRole("option", { name: "Office (a@b.example)" }, LONG));
  await waitFor(() => expect(editor.server.agent.integrations).toEqual({ calendar: "cal-1" }), LONG);
  fireEvent.click(account);
  fireEvent.click(await screen.findByRole("option", { name: "Not attached" }, LONG));
  await waitFor(() => expect(editor.server.agent.integrations).toEqual({}), LONG);
});

it("takes the provider along with its voice", async () => {
  await opened();
  const voice = await screen.findByRole("combobox", { name: "Voice" }, LONG);
  fireEvent.click(voice);
  fireEvent.click(await screen.findByRole("option", { name: /Nova/ }, LONG));
  await waitFor(() => expect([editor.server.agent.voice, editor.server.agent.tts?.provider]).toEqual(["nova", "openai"]), LONG);
  expect(await screen.findByText(/OpenAI has no key/, {}, LONG)).toBeInTheDocument();
});

it("names what is lost before the agent is deleted", async () => {
  let isDeleted = false;
  editor.network.use(
    http.delete("*/v1/agents/pizzeria", () => {
      isDeleted = true;
      return new HttpResponse(null, { status: 204 });
    }),
  );
  await opened();
  fireEvent.click(await screen.findByRole("button", { name: "Delete Bella" }, LONG));
  const dialog = await screen.findByRole("dialog", {}, LONG);
  expect(dialog).toHaveTextContent("2 stages, 2 tools with their code");
  expect(dialog).toHaveTextContent("It is live");
  fireEvent.click(within(dialog).getByRole("button", { name: "Delete Bella" }));
  await waitFor(() => expect(isDeleted).toBe(true), LONG);
});
