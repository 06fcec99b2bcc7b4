/** Proves S6: the prompt streams in piece by piece, and what goes wrong on the way leaves nothing half-written behind. */
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { ApiProblem } from "../../../api/api";
import { stagePrompt } from "./generateStage";

const network = setupServer();
beforeAll(() => network.listen());
afterEach(() => network.resetHandlers());
afterAll(() => network.close());

type Event = [event: string, data: object];

function answers(events: Event[]) {
  const body = events.map(([event, data]) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`).join("");
  const asked: unknown[] = [];
  network.use(
    http.post("*/v1/agents/pizzeria/stages/generate", async ({ request }) => {
      asked.push(await request.json(), request.headers.get("accept"));
      return new HttpResponse(body, { headers: { "content-type": "text/event-stream" } });
    }),
  );
  return asked;
}

async function written(): Promise<string[]> {
  const texts: string[] = [];
  for await (const text of stagePrompt("pizzeria", "order", "Take orders.", new AbortController().signal)) texts.push(text);
  return texts;
}

it("yields the text so far, and at last the whole prompt", async () => {
  const asked = answers([
    ["delta", { text: "Ask for " }],
    ["delta", { text: "the size. " }],
    ["done", { result: { prompt: "Ask for the size.", provider: "openai", model: "m" } }],
  ]);
  expect(await written()).toEqual(["Ask for ", "Ask for the size. ", "Ask for the size."]);
  expect(asked).toEqual([{ stage: "order", description: "Take orders." }, "text/event-stream"]);
});

it("says what broke it off", async () => {
  answers([
    ["delta", { text: "Ask" }],
    ["error", { text: "The language model took too long.", code: "generation_timeout" }],
  ]);
  await expect(written()).rejects.toThrow("The language model took too long.");
});

it("does not take a stream that just stops for a whole prompt", async () => {
  answers([["delta", { text: "Ask" }]]);
  await expect(written()).rejects.toThrow("broke off");
});

it("hands on why it was refused", async () => {
  network.use(
    http.post("*/v1/agents/pizzeria/stages/generate", () =>
      HttpResponse.json({ status: 409, code: "no_language_model", detail: "No language model can write this." }, { status: 409 }),
    ),
  );
  await expect(written()).rejects.toSatisfy((error) => error instanceof ApiProblem && error.code === "no_language_model");
});
