/** Proves D6: a test is written without a conversation; what the API finds wrong stands at its field; steps move and go by keyboard. */
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { queryClient } from "../../../api/queryClient";
import { renderInRouter } from "../../../ui/renderInRouter";
import { exampleAgent } from "../../agent/draft/exampleAgent";
import { WriteTest } from "./WriteTest";

vi.setConfig({ testTimeout: 30_000 });
const LONG = { timeout: 15_000 };
const DRAFT = exampleAgent();
let sent: unknown[] = [];
const network = setupServer(
  http.post("*/v1/agents/pizzeria/tests", async ({ request }) => {
    const body = (await request.json()) as { steps: { kind: string; text?: string }[] };
    sent.push(body);
    const place = body.steps.findIndex((step) => step.kind === "says" && !step.text);
    if (place < 0) return HttpResponse.json({}, { status: 201 });
    const errors = [{ field: `steps.${place}.says.text`, message: "must not be empty" }];
    return HttpResponse.json({ status: 422, code: "invalid_request", detail: "steps are wrong", errors }, { status: 422 });
  }),
  http.get("*/v1/agents/pizzeria/tests/test_1", () =>
    HttpResponse.json({ name: "Old", steps: [{ kind: "calls", tool: "price_order", arguments: {}, result: { total: 1 }, status: "ok" }] }),
  ),
  http.patch("*/v1/agents/pizzeria/tests/test_1", async ({ request }) => {
    sent.push(await request.json());
    return HttpResponse.json({});
  }),
);
beforeAll(() => network.listen());
afterEach(() => {
  sent = [];
  network.resetHandlers();
  queryClient.clear();
});
afterAll(() => network.close());

const add = (kind: string) =>
  fireEvent.click(within(screen.getByRole("group", { name: "Add a step" })).getByRole("button", { name: kind }));
const steps = () => screen.getAllByRole("listitem");
const save = () => screen.getByRole("button", { name: "Save the test" });

test("a test is written, moved about, refused at its field, and saved", async () => {
  const close = vi.fn();
  await renderInRouter(<WriteTest draft={DRAFT} testId={null} onClose={close} />);
  fireEvent.change(await screen.findByLabelText("Name", {}, LONG), { target: { value: "Says hello" } });
  expect(save()).toBeDisabled();
  add("The stage is");
  expect(screen.getByRole("combobox", { name: /The stage is/ })).toHaveFocus();
  add("The caller says");
  fireEvent.click(screen.getByRole("button", { name: "Move step 2 up" }));
  expect(steps()[0]).toHaveTextContent("The caller says");
  expect(screen.getByRole("button", { name: "Move step 1 down" })).toHaveFocus();
  expect(screen.getByText("It is step 1 now.")).toBeInTheDocument();
  fireEvent.click(save());
  expect(await within(steps()[0] as HTMLElement).findByText("must not be empty", {}, LONG)).toBeInTheDocument();
  await waitFor(() => expect(screen.getByRole("textbox", { name: /The caller says/ })).toHaveFocus(), LONG);
  fireEvent.change(screen.getByRole("textbox", { name: /The caller says/ }), { target: { value: "Hello" } });
  expect(screen.queryByText("must not be empty")).not.toBeInTheDocument();
  fireEvent.click(save());
  await waitFor(() => expect(close).toHaveBeenCalled(), LONG);
  expect(sent.at(-1)).toEqual({
    name: "Says hello",
    steps: [
      { kind: "says", text: "Hello" },
      { kind: "stage", stage: "order" },
    ],
  });
});

test("steps of a test are changed; what is no JSON is not sent", async () => {
  await renderInRouter(<WriteTest draft={DRAFT} testId="test_1" onClose={vi.fn()} />);
  const result = await screen.findByLabelText("Result", {}, LONG);
  expect(result).toHaveValue('{"total":1}');
  fireEvent.change(result, { target: { value: '{"total"' } });
  expect(screen.getByText(/This is not JSON/)).toBeInTheDocument();
  expect(save()).toBeDisabled();
  fireEvent.change(result, { target: { value: '{"total": 2}' } });
  add("The conversation ends");
  fireEvent.click(screen.getByRole("button", { name: "Remove step 2" }));
  expect(screen.getByRole("button", { name: "Remove step 1" })).toHaveFocus();
  fireEvent.click(save());
  await waitFor(() => expect(sent).toHaveLength(1), LONG);
  expect(sent[0]).toEqual({
    name: "Old",
    steps: [{ kind: "calls", tool: "price_order", status: "ok", arguments: {}, result: { total: 2 } }],
  });
});
