/** Proves D4 V8 D6 UI1: somebody writes to the draft and sees what it says, runs, moves and does; says a turn another way; keeps it as a test. */
import type { ServerMessage } from "@callstage/shared/voice";
import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { meQuery } from "../../api/me";
import { queryClient } from "../../api/queryClient";
import { renderInRouter } from "../../ui/renderInRouter";
import { DraftProvider } from "../agent/draft/DraftProvider";
import { FakeAgentServer } from "../agent/fakeAgentServer";
import { LONG_THOUGHT_MS } from "./ActivityBadge";
import { TestTab } from "./TestTab";

vi.setConfig({ testTimeout: 60_000 });
const LONG = { timeout: 20_000 };

class FakeSocket {
  static all: FakeSocket[] = [];
  sent: { type: string; text?: string }[] = [];
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }
  send(data: string): void {
    this.sent.push(JSON.parse(data));
  }
  close(): void {}
  /** As the gateway says it. */
  says(type: ServerMessage["type"], payload: object = {}): void {
    const body = type === "connected" ? { type, ...payload } : { type, payload };
    act(() => this.onmessage?.({ data: JSON.stringify(body) }));
  }
  opens(sessionId: string): void {
    this.says("connected", { agentName: "Bella", historyKey: sessionId, callId: "call-1", agentId: "pizzeria" });
    this.says("stage", { stage: "order", previous: null, byTool: null });
    this.hears("assistant", "Hello.");
    this.says("audioEnd");
  }
  hears(role: "user" | "assistant", text: string, isFinal = true): void {
    this.says("transcript", { role, text, isFinal });
  }
}

let asked: Record<string, unknown>[];
let kept: unknown[];
let server: FakeAgentServer;
const network = setupServer();
beforeAll(() => network.listen());
beforeEach(() => {
  [asked, kept, FakeSocket.all] = [[], [], []];
  sessionStorage.clear();
  server = new FakeAgentServer();
  vi.stubGlobal("WebSocket", FakeSocket);
  network.use(
    ...server.handlers(),
    http.get("*/v1/agents/pizzeria/tests", () => HttpResponse.json({ tests: [] })),
    http.post("*/v1/agents/pizzeria/tests", async ({ request }) => {
      kept.push(await request.json());
      return HttpResponse.json({}, { status: 201 });
    }),
    http.post("*/v1/agents/pizzeria/test-session", async ({ request }) => {
      const body = (await request.json()) as Record<string, unknown>;
      asked.push(body);
      const history = [{ role: "assistant", text: "Hello." }];
      const forked = body.resume ? { stage: "order", variables: {}, history, replaced_text: "Two pizzas" } : null;
      return HttpResponse.json({ token: "t", ws_url: "ws://gw/ws/voice", session_id: forked && "ses_2", forked });
    }),
  );
});
afterEach(() => {
  vi.unstubAllGlobals();
  network.resetHandlers();
  queryClient.clear();
});
afterAll(() => network.close());

async function opened() {
  queryClient.setQueryData(meQuery.queryKey, { tenant_id: "t", kind: "user", id: "u", name: "Ann", role: "editor", scopes: [] } as never);
  await renderInRouter(
    <DraftProvider loaded={server.agent}>
      <TestTab />
    </DraftProvider>,
  );
}

async function writing(): Promise<FakeSocket> {
  await opened();
  fireEvent.click(await screen.findByRole("button", { name: "Write to the draft" }, LONG));
  return socketOf(1);
}

async function socketOf(count: number): Promise<FakeSocket> {
  await waitFor(() => expect(FakeSocket.all).toHaveLength(count), LONG);
  const socket = FakeSocket.all.at(-1) as FakeSocket;
  await waitFor(() => expect(socket.onmessage).not.toBeNull(), LONG);
  return socket;
}

const log = () => screen.getByRole("log", { name: "Conversation" });
function type(text: string) {
  fireEvent.change(screen.getByLabelText("What you say to the agent"), { target: { value: text } });
  fireEvent.click(screen.getByRole("button", { name: "Send" }));
}

test("what is typed is answered, with tool, stage, variables, latency and what the agent does", async () => {
  const socket = await writing();
  socket.opens("ses_1");
  expect(screen.getByText("Waiting for you")).toBeInTheDocument();
  type("Two pizzas");
  expect(socket.sent).toEqual([expect.objectContaining({ type: "text", text: "Two pizzas" })]);
  socket.hears("user", "Two pizzas");
  expect(screen.getByText("Thinking")).toBeInTheDocument();
  socket.hears("assistant", "That is", false);
  expect(screen.getByText("Writing")).toBeInTheDocument();
  expect(log()).toHaveTextContent("That is");
  socket.hears("assistant", "That is one moment.");
  socket.says("tool", {
    name: "price_order",
    arguments: { quantity: 2 },
    result: { total: 26 },
    status: "ok",
    errorCode: "",
    durationMs: 40,
    isPreload: false,
  });
  socket.says("stage", { stage: "checkout", previous: "order", byTool: "price_order" });
  socket.says("variables", { total: 26 });
  socket.hears("assistant", "26 dollars.");
  socket.says("latency", {
    response_ms: 300,
    waterfall: { speech_end_ms: 0, heard_ms: 300, llm: [{ request_ms: 10, first_token_ms: 300, done_ms: 350 }], tools: [] },
  });
  socket.says("audioEnd");
  expect(screen.getByText("Waiting for you")).toBeInTheDocument();
  const tool = within(log()).getByRole("article", { name: "Tool price_order" });
  fireEvent.click(within(tool).getByRole("button", { name: /price_order/ }));
  expect(tool).toHaveTextContent('"quantity": 2');
  expect(tool).toHaveTextContent('"total": 26');
  expect(tool).toHaveTextContent("40 ms");
  expect(log()).toHaveTextContent("Moved from order to checkout by price_order");
  const now = screen.getByRole("region", { name: "Now" });
  expect(now).toHaveTextContent("checkout");
  expect(now).toHaveTextContent("{total}26");
  fireEvent.click(within(log()).getByRole("button", { name: /Answered after 300 ms/ }));
  expect(within(log()).getByText("from the message to the first words")).toBeInTheDocument();
  expect(within(log()).getByText(/Answered after 300 ms: Language model 290 ms/)).toBeInTheDocument();
});

test("a past turn is said another way in a session of its own, which becomes a test", async () => {
  const socket = await writing();
  socket.opens("ses_1");
  type("Two pizzas");
  socket.hears("user", "Two pizzas");
  socket.hears("assistant", "Large or small?");
  socket.says("audioEnd");
  fireEvent.click(screen.getByRole("button", { name: "Edit “Two pizzas” and run on from here" }));
  fireEvent.change(screen.getByLabelText("Say instead"), { target: { value: "Three pizzas" } });
  fireEvent.click(screen.getByRole("button", { name: "Say it and run on" }));
  const second = await socketOf(2);
  expect(asked.at(-1)).toEqual({ mode: "chat", resume: { session_id: "ses_1", turn: 0 } });
  expect(new URL(second.url).searchParams.get("session_id")).toBe("ses_2");
  second.says("connected", { agentName: "Bella", historyKey: "ses_2", callId: "call-2", agentId: "pizzeria", resumed: true });
  expect(second.sent).toEqual([expect.objectContaining({ text: "Three pizzas" })]);
  second.hears("user", "Three pizzas");
  second.hears("assistant", "Gladly.");
  second.says("audioEnd");
  expect(log()).toHaveTextContent("Three pizzas");
  expect(log()).not.toHaveTextContent("Two pizzas");
  fireEvent.click(screen.getByRole("button", { name: "Save as a test" }));
  fireEvent.change(await screen.findByLabelText("Name", {}, LONG), { target: { value: "Three" } });
  fireEvent.click(screen.getByRole("button", { name: "Save the test" }));
  await waitFor(() => expect(kept).toEqual([{ name: "Three", is_anonymous: false, from_session_id: "ses_2" }]), LONG);
});

test("any caller can be pretended to be, and nobody has to see the badge", async () => {
  await opened();
  fireEvent.change(await screen.findByLabelText("Phone number", {}, LONG), { target: { value: "+1 202 555 0147" } });
  fireEvent.click(screen.getByRole("button", { name: "Write to the draft" }));
  const socket = await socketOf(1);
  expect(asked[0]).toEqual({ mode: "chat", caller_phone: "+12025550147" });
  socket.opens("ses_1");
  const said = screen.getByText("Connected");
  expect(said).toHaveAttribute("role", "status");
  socket.hears("user", "Hm");
  expect(said).toHaveTextContent("Connected");
  await waitFor(() => expect(said).toHaveTextContent("Still thinking"), { timeout: LONG_THOUGHT_MS + 5000 });
  socket.hears("assistant", "Yes?");
  expect(said).toHaveTextContent("Connected");
  fireEvent.click(screen.getByRole("button", { name: "End" }));
  expect(screen.getByText("The conversation is over.")).toBeInTheDocument();
});
