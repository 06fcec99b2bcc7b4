/** Proves RE1 UI2: the draft saves itself, repeats what the network lost, merges what others changed and asks where both changed the same. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiProblem } from "../../../api/api";
import { type Agent, type AgentPatch, withPatch } from "./agent";
import { exampleAgent } from "./exampleAgent";
import type { Place } from "./pieces";
import { type DraftPort, DraftSession } from "./session";

/** A server that holds one agent as control-api does. */
class FakeServer implements DraftPort {
  agent = exampleAgent();
  writes: AgentPatch[] = [];
  failures: ApiProblem[] = [];
  /** Answers are lost on the way back. */
  losesAnswers = 0;

  async read(): Promise<Agent> {
    return structuredClone(this.agent);
  }

  async write(patch: AgentPatch, version: number): Promise<Agent> {
    const failure = this.failures.shift();
    if (failure) throw failure;
    if (version !== this.agent.version) throw new ApiProblem(412, "precondition_failed", "changed by somebody else");
    this.writes.push(patch);
    this.change(patch);
    if (this.losesAnswers > 0) {
      this.losesAnswers -= 1;
      throw new ApiProblem(0, "unreachable", "Callstage cannot be reached.");
    }
    return structuredClone(this.agent);
  }

  change(patch: AgentPatch): void {
    this.agent = { ...withPatch(this.agent, patch), version: this.agent.version + 1 };
  }
}

let server: FakeServer;
let news: Place[];
let session: DraftSession;

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  news = [];
  session = new DraftSession({ loaded: server.agent, port: server, onNews: (places) => news.push(...places) });
});
afterEach(() => {
  session.dispose();
  vi.useRealTimers();
});

describe("saving", () => {
  it("shows a change at once and saves it after a quiet time, in one request", async () => {
    session.patch({ greeting: "H" });
    session.patch({ greeting: "Hi" });
    expect(session.state()).toMatchObject({ saveState: "waiting", draft: { greeting: "Hi" } });
    await vi.advanceTimersByTimeAsync(700);
    expect(server.writes).toEqual([{ greeting: "Hi" }]);
    expect(session.state()).toMatchObject({ saveState: "saved", draft: { greeting: "Hi", version: 2 } });
  });

  it("saves somebody who does not stop typing", async () => {
    for (let letters = 1; letters <= 20; letters += 1) {
      session.patch({ greeting: "x".repeat(letters) });
      await vi.advanceTimersByTimeAsync(400);
    }
    expect(server.writes.length).toBeGreaterThan(0);
  });

  it("sends nothing when a change was taken back", async () => {
    session.patch({ role: "cook" });
    session.patch({ role: "order assistant" });
    await vi.advanceTimersByTimeAsync(1000);
    expect(server.writes).toEqual([]);
    expect(session.state().saveState).toBe("saved");
  });

  it("keeps what was typed while a save was on its way", async () => {
    session.patch({ greeting: "one" });
    const flushed = session.flush();
    session.patch({ greeting: "two", farewell: "bye" });
    await flushed;
    expect(server.agent).toMatchObject({ greeting: "two", farewell: "bye" });
    expect(session.state().saveState).toBe("saved");
  });

  it("repeats by itself what the network lost", async () => {
    server.failures = [new ApiProblem(0, "unreachable", "Callstage cannot be reached."), new ApiProblem(503, "x", "busy")];
    session.patch({ greeting: "Hi" });
    await vi.advanceTimersByTimeAsync(700);
    expect(session.state()).toMatchObject({ saveState: "failed", problem: "Callstage cannot be reached.", draft: { greeting: "Hi" } });
    await vi.advanceTimersByTimeAsync(4000);
    expect(session.state().saveState).toBe("saved");
    expect(server.agent.greeting).toBe("Hi");
  });

  it("is not fooled by a save whose answer was lost", async () => {
    server.losesAnswers = 1;
    session.patch({ greeting: "Hi" });
    await vi.advanceTimersByTimeAsync(3000);
    expect(session.state()).toMatchObject({ saveState: "saved", conflicts: [] });
    expect(server.writes).toHaveLength(1);
  });

  it("saves the rest when the server refuses one field, and says which", async () => {
    server.failures = [
      new ApiProblem(422, "invalid_request", "test_caller_phone: wrong", [{ field: "test_caller_phone", message: "wrong" }]),
    ];
    session.patch({ test_caller_phone: "+4", greeting: "Hi" });
    await vi.advanceTimersByTimeAsync(700);
    expect(server.agent).toMatchObject({ greeting: "Hi" });
    expect(session.state()).toMatchObject({ saveState: "failed", problem: "test_caller_phone: wrong", draft: { test_caller_phone: "+4" } });
    await expect(session.flush()).rejects.toThrow("test_caller_phone: wrong");
    session.patch({ test_caller_phone: "+4930123456" });
    await vi.advanceTimersByTimeAsync(700);
    expect(session.state().saveState).toBe("saved");
    expect(server.agent.test_caller_phone).toBe("+4930123456");
  });

  it("does nothing for somebody who may only look", async () => {
    session = new DraftSession({ loaded: server.agent, port: server, isReadOnly: true });
    session.patch({ greeting: "Hi" });
    await vi.advanceTimersByTimeAsync(1000);
    expect(session.state().draft.greeting).toBe("Hello {name|there}.");
    expect(server.writes).toEqual([]);
  });
});

describe("two people", () => {
  it("takes in the other's change when looking, and tells of it", async () => {
    session.patch({ greeting: "Mine" });
    server.change({ farewell: "Theirs" });
    await session.refresh();
    expect(session.state().draft).toMatchObject({ greeting: "Mine", farewell: "Theirs" });
    expect(news.map((place) => place.label)).toEqual(["Farewell"]);
    await session.flush();
    expect(server.agent).toMatchObject({ greeting: "Mine", farewell: "Theirs" });
  });

  it("merges after a 412 and saves again", async () => {
    server.change({ farewell: "Theirs" });
    session.patch({ greeting: "Mine" });
    await session.flush();
    expect(server.agent).toMatchObject({ greeting: "Mine", farewell: "Theirs" });
    expect(session.state().draft.farewell).toBe("Theirs");
  });

  it("asks when both changed the same, saves nothing meanwhile, and lets undo bring the other back", async () => {
    server.change({ greeting: "Theirs" });
    session.patch({ greeting: "Mine" });
    await expect(session.flush()).rejects.toThrow("Choose");
    expect(session.state()).toMatchObject({ saveState: "conflict", conflicts: [{ mine: "Mine", theirs: "Theirs" }] });
    session.patch({ farewell: "Also mine" });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(server.agent).toMatchObject({ greeting: "Theirs", farewell: null });

    session.resolve({ greeting: "theirs" });
    await session.flush();
    expect(server.agent).toMatchObject({ greeting: "Theirs", farewell: "Also mine" });
    expect(session.undo()?.path).toBe("greeting");
    await session.flush();
    expect(server.agent.greeting).toBe("Mine");
  });

  it("ends a conflict by itself when both come to say the same", async () => {
    session.patch({ greeting: "Mine" });
    server.change({ greeting: "Theirs" });
    await session.refresh();
    expect(session.state().saveState).toBe("conflict");
    session.patch({ greeting: "Theirs" });
    await session.flush();
    expect(session.state()).toMatchObject({ saveState: "saved", conflicts: [] });
  });

  it("sends one request at a time, also while it catches up", async () => {
    let open = 0;
    let most = 0;
    const write = server.write.bind(server);
    server.write = async (patch, version) => {
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setTimeout(resolve, 2000));
      open -= 1;
      return write(patch, version);
    };
    server.change({ farewell: "Theirs" });
    session.patch({ greeting: "Mine" });
    await vi.advanceTimersByTimeAsync(1000);
    session.patch({ role: "cook" });
    await vi.advanceTimersByTimeAsync(15_000);
    expect(most).toBe(1);
    expect(server.agent).toMatchObject({ greeting: "Mine", farewell: "Theirs", role: "cook" });
    expect(session.state().saveState).toBe("saved");
  });

  it("does not chase a server that always says 412", async () => {
    let tries = 0;
    server.write = async () => {
      tries += 1;
      throw new ApiProblem(412, "precondition_failed", "changed by somebody else");
    };
    session.patch({ greeting: "Mine" });
    await vi.advanceTimersByTimeAsync(700);
    expect(tries).toBeLessThan(10);
    expect(session.state()).toMatchObject({ saveState: "failed", draft: { greeting: "Mine" } });
  });

  it("ignores an answer that is older than what it knows", async () => {
    const old = await server.read();
    session.patch({ greeting: "Mine" });
    await session.flush();
    session.receive(old);
    expect(session.state().draft.greeting).toBe("Mine");
  });

  it("shows a deploy of somebody else", () => {
    session.receive({ ...server.agent, deployed: true, deployment: 3 });
    expect(session.state().draft.deployment).toBe(3);
    expect(news).toEqual([]);
  });
});

describe("undo", () => {
  it("undoes and redoes, step by step", async () => {
    session.patch({ stages: [] });
    session.patch({ preload_tools: ["price_order"] });
    expect(session.undo()?.label).toBe("Preload tools");
    expect(session.undo()?.label).toBe("Stage order");
    expect(session.undo()).toBeNull();
    expect(session.state().draft.stages).toHaveLength(2);
    expect(session.redo()?.label).toBe("Stage order");
    expect(session.state().draft.stages).toEqual([]);
  });

  it("takes letters typed one after the other as one step", () => {
    session.patch({ greeting: "H" });
    session.patch({ greeting: "Hi" });
    session.undo();
    expect(session.state().draft.greeting).toBe("Hello {name|there}.");
  });

  it("leaves alone what somebody else changed in between", async () => {
    session.patch({ preload_tools: ["price_order"] });
    await session.flush();
    server.change({ farewell: "Theirs", preload_tools: ["price_order", "place_order"] });
    await session.refresh();
    session.undo();
    expect(session.state().draft).toMatchObject({ farewell: "Theirs", preload_tools: ["place_order"] });
  });
});
