/** Proves D5 T10 T11 T12 T13 S2: a tool is written, tried and renamed; Generate without a key leads to templates. */
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { beforeEach, expect, it, vi } from "vitest";
import { useDraft } from "../draft/DraftProvider";
import { LONG, testEditor } from "../testEditor";
import type { CodeEditorProps } from "./code/CodeEditor";
import { ownTool } from "./draftTools";
import { ToolEditor } from "./ToolEditor";

// jsdom has no layout, without which CodeMirror cannot draw; what it is given and what it gives is the same.
vi.mock("./code/LazyCodeEditor", () => ({
  LazyCodeEditor: ({ label, value, isReadOnly, notes, onChange }: CodeEditorProps) => (
    <>
      <textarea aria-label={label} value={value} readOnly={isReadOnly} onChange={(event) => onChange(event.currentTarget.value)} />
      <output>{(notes ?? []).map((note) => `${note.line}: ${note.message}`).join("\n")}</output>
    </>
  ),
}));

const PARAMETERS = {
  type: "object",
  properties: { size: { type: "string", enum: ["small", "large"] }, quantity: { type: "integer", minimum: 1 } },
  required: ["size"],
};
const EFFECTS = {
  is_complete: true,
  changes_something: true,
  models_read: ["res.partner"],
  writes: [{ target: "sale.order", operation: "create" }],
  calls: [],
  integrations: [],
  unknown: [{ line: 2, what: "a computed model" }],
};
const TRIED = {
  status: "ok",
  result: { total: 16 },
  speech: "",
  error: "",
  error_code: "",
  line: 0,
  scope: [],
  session: {},
  logs: [],
  host_calls: [],
  duration_ms: 7,
  dry_run: true,
  writes: [{ operation: "create", target: "sale.order", arguments: { size: "small" } }],
};

let trials: { args: unknown; dry_run: boolean }[];
let answer: object;

const editor = testEditor(
  http.post("*/v1/tools/check", () =>
    HttpResponse.json({ remarks: [{ kind: "type", message: "no such name", line: 1, is_error: true }], effects: EFFECTS }),
  ),
  http.get("*/v1/tool-runs", () => HttpResponse.json({ tool_runs: [], next_cursor: null })),
  http.get("*/v1/tools/standard", () => HttpResponse.json({ tools: [] })),
  http.post("*/v1/agents/pizzeria/tools/price_order/try", async ({ request }) => {
    trials.push((await request.json()) as (typeof trials)[number]);
    return HttpResponse.json(answer);
  }),
);
beforeEach(() => {
  const [first, ...others] = editor.server.agent.tool_definitions ?? [];
  editor.server.agent = {
    ...editor.server.agent,
    tool_definitions: [{ ...first, name: "price_order", parameters: PARAMETERS }, ...others],
  };
  trials = [];
  answer = TRIED;
});

const editing = () => editor.open(<Shown />, "/agents/pizzeria/tools/price_order");

/** The tool under its present name. */
function Shown() {
  const { draft } = useDraft();
  const tool = ownTool(draft, "price_order") ?? ownTool(draft, "price_pizza");
  return tool ? <ToolEditor key={tool.name} tool={tool} /> : null;
}

const press = (name: string | RegExp) => fireEvent.click(screen.getByRole("button", { name }));

it("shows the sandbox's findings at their lines and what the code can do", async () => {
  await editing();
  expect(await screen.findByText("1: no such name", {}, LONG)).toBeInTheDocument();
  const effects = await screen.findByRole("region", { name: "What it can do" }, LONG);
  for (const words of ["Changes things", "res.partner", "create sale.order"]) expect(within(effects).getByText(words)).toBeInTheDocument();
  expect(within(effects).getByRole("button", { name: "Line 2" })).toBeInTheDocument();
});

it("makes a dry run with the values of the form, and shows what it did not send", async () => {
  await editing();
  const panel = await screen.findByRole("region", { name: "Try it" }, LONG);
  fireEvent.change(within(panel).getByRole("textbox", { name: /quantity/ }), { target: { value: "2" } });
  press("Dry run");
  expect(await screen.findByText("create sale.order", { selector: "li code" }, LONG)).toBeInTheDocument();
  expect(trials).toEqual([{ args: { quantity: 2 }, session: {}, dry_run: true }]);
});

it("warns before a real run, and runs only when told so", async () => {
  await editing();
  await screen.findByText("Changes things", {}, LONG);
  press("Run for real");
  const dialog = await screen.findByRole("dialog", {}, LONG);
  expect(within(dialog).getByText("create sale.order")).toBeInTheDocument();
  expect(trials).toEqual([]);
  fireEvent.click(within(dialog).getByRole("button", { name: "Run for real" }));
  await waitFor(() => expect(trials).toEqual([{ args: {}, session: {}, dry_run: false }]), LONG);
});

it("marks the line that broke and shows what the names held", async () => {
  answer = {
    ...TRIED,
    status: "failed",
    error: "KeyError: 'b' (line 1)",
    error_code: "tool_error",
    line: 1,
    scope: [{ name: "x", type: "dict[str, int]" }],
    writes: [],
  };
  await editing();
  await screen.findByRole("region", { name: "Try it" }, LONG);
  press("Dry run");
  expect(await screen.findByText("dict[str, int]", {}, LONG)).toBeInTheDocument();
  expect(screen.getByRole("status", { name: "" })).toHaveTextContent("1: The last trial broke here. KeyError: 'b' (line 1)");
});

it("renames the tool in stages and transitions", async () => {
  await editing();
  const [name] = await screen.findAllByRole("textbox", { name: "Name" }, LONG);
  if (!name) throw new Error("the name has a field");
  fireEvent.change(name, { target: { value: "place_order" } });
  expect(screen.getByRole("button", { name: "Rename" })).toBeDisabled();
  fireEvent.change(name, { target: { value: "price_pizza" } });
  expect(screen.getByText(/Follows in 1 stage, 1 transition/)).toBeInTheDocument();
  press("Rename");
  await waitFor(() => expect(editor.server.agent.stages?.[0]?.tools).toEqual(["price_pizza", "end_call"]), LONG);
  expect(editor.server.agent.stages?.[0]?.transitions?.[0]?.on_tool).toBe("price_pizza");
});

it("keeps keywords that the form does not show when the form edits the schema", async () => {
  await editing();
  const rows = await screen.findAllByRole("group", { name: /^Parameter / }, LONG);
  const quantity = rows.find((row) => row.getAttribute("aria-label") === "Parameter quantity");
  if (!quantity) throw new Error("quantity has a row");
  fireEvent.change(within(quantity).getByRole("textbox", { name: "Description" }), { target: { value: "How many" } });
  await waitFor(
    () =>
      expect(editor.server.agent.tool_definitions?.[0]?.parameters).toEqual({
        ...PARAMETERS,
        properties: { ...PARAMETERS.properties, quantity: { type: "integer", minimum: 1, description: "How many" } },
      }),
    LONG,
  );
});

it("refuses to generate without a key politely, and gives a template instead that can be taken back", async () => {
  editor.server.agent = { ...editor.server.agent, resources: [{ model: "sale.order", access: ["search_read"] }] };
  const template = {
    name: "search_sale_order",
    description: "Search",
    parameters: { type: "object", properties: {} },
    code: "return {'found': 1}",
  };
  editor.network.use(
    http.post("*/tools/generate", () =>
      HttpResponse.json({ code: "no_language_model", detail: "No language model can write this." }, { status: 409 }),
    ),
    http.post("*/tools/template", () => HttpResponse.json(template)),
  );
  await editing();
  const code = await screen.findByRole("textbox", { name: "Code of price_order" }, LONG);
  press("Generate");
  expect(await screen.findByText("No language model can write this yet", {}, LONG)).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "Settings, AI providers" })).toHaveAttribute("href", "/settings/providers");
  press("Use this code");
  await waitFor(() => expect(code).toHaveValue("return {'found': 1}"), LONG);
  press("Undo");
  expect(code).toHaveValue('return {"total": 1}');
});

it("streams generated code into the editor, tells what is beyond its rights, and takes it back", async () => {
  const result = {
    code: "return {'new': 1}",
    is_good: false,
    remarks: [],
    effects: EFFECTS,
    beyond: ["create sale.order"],
    repairs: 2,
    provider: "openai",
    model: "m",
  };
  const stream = `event: delta\ndata: ${JSON.stringify({ text: "```python\nret" })}\n\nevent: done\ndata: ${JSON.stringify({ result })}\n\n`;
  editor.network.use(http.post("*/tools/generate", () => new HttpResponse(stream, { headers: { "content-type": "text/event-stream" } })));
  await editing();
  const code = await screen.findByRole("textbox", { name: "Code of price_order" }, LONG);
  press("Generate");
  await waitFor(() => expect(code).toHaveValue("return {'new': 1}"), LONG);
  expect(await screen.findByText("Beyond what the resources allow:", {}, LONG)).toBeInTheDocument();
  expect(screen.getByText(/corrected 2 times/)).toBeInTheDocument();
  press("Undo");
  expect(code).toHaveValue('return {"total": 1}');
  press("Generate");
  fireEvent.click(await screen.findByRole("button", { name: "Keep it" }, LONG));
  expect(code).toHaveValue("return {'new': 1}");
  expect(screen.queryByRole("button", { name: "Undo" })).not.toBeInTheDocument();
});

it("lets a viewer look, and neither change nor run", async () => {
  editor.server.role = "viewer";
  await editing();
  expect(await screen.findByRole("textbox", { name: "Code of price_order" }, LONG)).toHaveAttribute("readonly");
  expect(screen.getByRole("button", { name: "Dry run" })).toBeDisabled();
  expect(screen.getByText(/needs the role editor/)).toBeInTheDocument();
});
