/** Proves UI2 RE1 S5 S6 P6 N2 S4: the editor saves, merges and asks, and the deploy bar says what blocks a deploy and where it goes. */
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import type { ReactNode } from "react";
import { describe, expect, it, vi } from "vitest";
import { AgentHeader } from "./AgentHeader";
import { useDraft } from "./draft/DraftProvider";
import { exampleNumber } from "./fakeAgentServer";
import { StageBoard } from "./stages/StageBoard";
import { LONG, testEditor } from "./testEditor";
import { VoipTab } from "./voip/VoipTab";

// jsdom has no layout, without which CodeMirror cannot draw; what it is given and what it gives is the same.
vi.mock("./prompt/PromptCode", () => ({
  default: (props: { label: string; value: string; isReadOnly?: boolean; onChange: (value: string) => void }) => (
    <textarea
      aria-label={props.label}
      value={props.value}
      readOnly={props.isReadOnly}
      onChange={(event) => props.onChange(event.currentTarget.value)}
    />
  ),
}));
const editor = testEditor();

function editing(children: ReactNode) {
  return editor.open(
    <>
      <AgentHeader />
      {children}
      <Look />
    </>,
    "/agents/pizzeria/stages",
  );
}

/** What the timer does every few seconds. */
function Look() {
  const { refresh } = useDraft();
  return (
    <button type="button" onClick={() => void refresh()}>
      look
    </button>
  );
}

const rename = (to: string) => fireEvent.change(screen.getByRole("textbox", { name: "Name of the agent" }), { target: { value: to } });

describe("saving", () => {
  it("saves by itself and says so", async () => {
    await editing(null);
    expect(screen.getByText("Saved")).toBeInTheDocument();
    rename("Luigi");
    expect(screen.getByText("Saving…")).toBeInTheDocument();
    await waitFor(() => expect(editor.server.agent.display_name).toBe("Luigi"), LONG);
    expect(await screen.findByText("Saved", undefined, LONG)).toBeInTheDocument();
  });

  it("does not take an empty name", async () => {
    await editing(null);
    rename("  ");
    expect(screen.getByText("An agent needs a name")).toBeInTheDocument();
    fireEvent.blur(screen.getByRole("textbox", { name: "Name of the agent" }));
    expect(screen.getByRole("textbox", { name: "Name of the agent" })).toHaveValue("Bella");
  });

  it("shows both versions when somebody else changed the same, and saves what is chosen", async () => {
    await editing(null);
    editor.server.change({ display_name: "Theirs", farewell: "Ciao" });
    rename("Mine");
    const dialog = await screen.findByRole("dialog", { name: "The same thing was changed by Ben" }, LONG);
    expect(dialog).toHaveTextContent("Theirs");
    expect(dialog).toHaveTextContent("Mine");
    expect(within(dialog).getByRole("button", { name: "Save this choice" })).toBeDisabled();
    expect(editor.server.agent.display_name).toBe("Theirs");
    fireEvent.click(within(dialog).getByRole("radio", { name: "Keep mine" }));
    fireEvent.click(within(dialog).getByRole("button", { name: "Save this choice" }));
    await waitFor(() => expect(editor.server.agent).toMatchObject({ display_name: "Mine", farewell: "Ciao" }), LONG);
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument(), LONG);
  });

  it.each([
    [{ kind: "api_key", id: "k", name: "CI" }, "The same thing was changed by the API key CI"],
    [{ kind: "user", id: "u", name: "Ann" }, "The same thing was changed by you in another window"],
  ] as const)("says that it was %o", async (author, title) => {
    await editing(null);
    editor.server.author = { ...editor.server.author, ...author };
    editor.server.change({ display_name: "Theirs" });
    rename("Mine");
    expect(await screen.findByRole("dialog", { name: title }, LONG)).toBeInTheDocument();
  });

  it("asks without a name when the server does not tell it", async () => {
    editor.network.use(http.get("*/v1/agents/:id/last-change", () => new HttpResponse(null, { status: 404 })));
    await editing(null);
    editor.server.change({ display_name: "Theirs" });
    rename("Mine");
    expect(await screen.findByRole("dialog", { name: "The same thing was changed by somebody else" }, LONG)).toBeInTheDocument();
  });

  it("takes in what somebody else changed elsewhere without a question", async () => {
    await editing(null);
    editor.server.change({ display_name: "Luigi" });
    fireEvent.click(screen.getByRole("button", { name: "look" }));
    await waitFor(() => expect(screen.getByRole("textbox", { name: "Name of the agent" })).toHaveValue("Luigi"), LONG);
    expect(await screen.findByText(/^Changed by Ben: Name/, undefined, LONG)).toBeInTheDocument();
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
  });

  it("lets a viewer look only", async () => {
    editor.server.role = "viewer";
    await editing(<StageBoard focused={undefined} onAdd={() => undefined} />);
    expect(screen.getByText("You can look, not change")).toBeInTheDocument();
    expect(screen.getByRole("textbox", { name: "Name of the agent" })).toHaveAttribute("readonly");
    expect(screen.queryByRole("button", { name: /^Drag|^Add a tool/ })).not.toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Deploy" })).toHaveAttribute("aria-disabled", "true");
  });
});

describe("deploy bar", () => {
  it("says what differs and where a deploy goes, and deploys", async () => {
    editor.server.numbers = [exampleNumber()];
    await editing(null);
    expect(await screen.findByText("1 change is not live yet", undefined, LONG)).toBeInTheDocument();
    fireEvent.click(await screen.findByRole("button", { name: "Deploy to +1 202 555 0100" }, LONG));
    const dialog = await screen.findByRole("dialog", { name: "Deploy to +1 202 555 0100" }, LONG);
    expect(dialog).toHaveTextContent("Greeting");
    fireEvent.click(within(dialog).getByRole("button", { name: "Deploy now" }));
    expect(await screen.findByText("Deployment 13 is live", undefined, LONG)).toBeInTheDocument();
    expect(editor.server.deploys).toBe(1);
  });

  it("is blocked by an error and leads to it", async () => {
    editor.server.findings = [
      {
        code: "tool_without_code",
        severity: "error",
        message: "The tool 'price_order' has no code.",
        stage: "order",
        tool: "price_order",
        line: null,
        hint: "Write it.",
      },
      { code: "missing_end_call", severity: "warning", message: "No end_call.", stage: "order", tool: null, line: null, hint: "" },
    ];
    await editing(null);
    fireEvent.click(await screen.findByRole("button", { name: "1 error, 1 warning" }, LONG));
    const dialog = await screen.findByRole("dialog", undefined, LONG);
    expect(within(dialog).getByText("Write it.")).toBeInTheDocument();
    expect(within(dialog).getByRole("link", { name: "Open the tool price_order" })).toHaveAttribute(
      "href",
      "/agents/pizzeria/tools/price_order",
    );
    expect(within(dialog).getByRole("button", { name: "Deploy now" })).toBeDisabled();
  });

  it("shows why a deploy was refused", async () => {
    editor.server.refusal = { status: 422, body: { status: 422, code: "deploy_blocked", detail: "The agent cannot be deployed yet." } };
    await editing(null);
    await screen.findByText("1 change is not live yet", undefined, LONG);
    fireEvent.click(screen.getByRole("button", { name: "Deploy" }));
    fireEvent.click(await screen.findByRole("button", { name: "Deploy now" }, LONG));
    expect(await screen.findByText("The agent cannot be deployed yet.", undefined, LONG)).toBeInTheDocument();
    expect(editor.server.deploys).toBe(0);
  });

  it("has nothing to do when everything is live", async () => {
    editor.server.agent = { ...editor.server.agent, has_undeployed_changes: false };
    editor.server.changes = [];
    await editing(null);
    expect(await screen.findByText("Deployment 12 is live", undefined, LONG)).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Deploy" })).toHaveAttribute("aria-disabled", "true");
  });
});

describe("stages", () => {
  const board = () => editing(<StageBoard focused={undefined} onAdd={() => undefined} />);

  it("moves a tool into the preload and back with one click each", async () => {
    await board();
    fireEvent.click(screen.getByRole("button", { name: "Run price_order during the greeting" }));
    const preload = screen.getByRole("group", { name: "Tools of the preload" });
    expect(within(preload).getByText("price_order")).toBeInTheDocument();
    fireEvent.click(screen.getByRole("button", { name: "Move price_order back to the stage order" }));
    expect(within(screen.getByRole("group", { name: "Tools of the stage order" })).getByText("price_order")).toBeInTheDocument();
    await waitFor(() => expect(editor.server.agent.stages?.[0]?.tools).toEqual(["end_call", "price_order"]), LONG);
  });

  it("renames a stage with its transitions, and not to a name that is taken", async () => {
    await board();
    const name = screen.getByRole("textbox", { name: "Name of the stage checkout" });
    fireEvent.change(name, { target: { value: "order" } });
    expect(screen.getByText("There is a stage order already.")).toBeInTheDocument();
    fireEvent.change(name, { target: { value: "pay" } });
    fireEvent.blur(name);
    await waitFor(() => expect(editor.server.agent.stages?.[0]?.transitions?.[0]?.to_stage).toBe("pay"), LONG);
  });

  it("repairs a stage that cannot hang up with one click", async () => {
    editor.server.change({ stages: [{ name: "order", prompt: "", tools: [], transitions: [] }] });
    await board();
    const stage = screen.getByRole("region", { name: "Stage order" });
    expect(within(stage).getByText(/cannot hang up here/)).toBeInTheDocument();
    fireEvent.click(within(stage).getByRole("button", { name: "Add end_call" }));
    expect(within(stage).queryByText(/cannot hang up here/)).not.toBeInTheDocument();
    await waitFor(() => expect(editor.server.agent.stages?.[0]?.tools).toEqual(["end_call"]), LONG);
  });

  it("names what is lost with a stage before it is deleted, and undo brings it back", async () => {
    await board();
    fireEvent.click(screen.getByRole("button", { name: "Actions for the stage checkout" }));
    fireEvent.click(await screen.findByRole("menuitem", { name: "Delete…" }, LONG));
    const dialog = await screen.findByRole("dialog", undefined, LONG);
    expect(dialog).toHaveTextContent("the transition from order on price_order");
    fireEvent.click(within(dialog).getByRole("button", { name: "Delete checkout" }));
    await waitFor(() => expect(screen.queryByRole("region", { name: "Stage checkout" })).not.toBeInTheDocument(), LONG);
    fireEvent.click(screen.getByRole("button", { name: /^Undo: / }));
    expect(screen.getByRole("region", { name: "Stage checkout" })).toBeInTheDocument();
  });

  it("refuses to generate without a key, says what to do and keeps the prompt", async () => {
    await board();
    const stage = screen.getByRole("region", { name: "Stage order" });
    fireEvent.click(within(stage).getByRole("button", { name: "Generate" }));
    fireEvent.change(await screen.findByLabelText("What should this stage achieve?", undefined, LONG), {
      target: { value: "Take orders." },
    });
    fireEvent.click(screen.getByRole("button", { name: "Write it anew" }));
    expect(await screen.findByText(/this workspace has no key of one/, undefined, LONG)).toBeInTheDocument();
    expect(screen.getByRole("link", { name: /Add a key/ })).toHaveAttribute("href", "/settings/providers");
    expect(editor.server.agent.stages?.[0]?.prompt).toBe("Take the order.");
  });

  it("splits an agent without stages", async () => {
    editor.server.change({ stages: [], tools: ["end_call"] });
    await board();
    fireEvent.click(screen.getByRole("button", { name: "Split into stages" }));
    expect(screen.getByRole("region", { name: "Stage main" })).toBeInTheDocument();
    await waitFor(() => expect(editor.server.agent.stages).toMatchObject([{ name: "main", tools: ["end_call"] }]), LONG);
  });
});

describe("VoIP", () => {
  it("shows the number with its badge, and that it must be removed before another one", async () => {
    editor.server.numbers = [exampleNumber()];
    await editing(<VoipTab />);
    expect(await screen.findByText("Live", undefined, LONG)).toBeInTheDocument();
    expect(screen.getByText(/To give it another one, remove this one first/)).toBeInTheDocument();
    expect(await screen.findByText("https://x/twilio", undefined, LONG)).toBeInTheDocument();
  });

  it("offers a number that leads nowhere", async () => {
    editor.server.numbers = [exampleNumber({ routeTarget: null, live: false })];
    await editing(<VoipTab />);
    expect(await screen.findByRole("button", { name: "Attach +1 202 555 0100" }, LONG)).toBeEnabled();
  });
});
