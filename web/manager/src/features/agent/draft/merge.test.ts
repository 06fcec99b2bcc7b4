/** Proves RE1: two people editing one agent keep each other's changes, and what both changed is put to them. */
import { describe, expect, it } from "vitest";
import { type Agent, stagesOf, withPatch } from "./agent";
import { exampleAgent } from "./exampleAgent";
import { changesBetween, merge } from "./merge";

const base = exampleAgent();

function edited(change: (agent: Agent) => void, version = 1): Agent {
  const agent = structuredClone(base);
  change(agent);
  return { ...agent, version };
}
const stage = (agent: Agent, name: string) => {
  const found = stagesOf(agent).find((item) => item.name === name);
  if (!found) throw new Error(`no stage ${name}`);
  return found;
};
const paths = (places: readonly { path: string }[]) => places.map((place) => place.path);

describe("fields", () => {
  it("takes what each side alone changed", () => {
    const mine = edited((agent) => {
      agent.greeting = "Hi!";
    });
    const theirs = edited((agent) => {
      agent.farewell = "Bye!";
    }, 2);
    const merged = merge(base, mine, theirs);
    expect(merged.agent.greeting).toBe("Hi!");
    expect(merged.agent.farewell).toBe("Bye!");
    expect(merged.agent.version).toBe(2);
    expect(merged.conflicts).toEqual([]);
    expect(paths(merged.taken)).toEqual(["farewell"]);
  });

  it("has no conflict when both say the same", () => {
    const both = edited((agent) => {
      agent.greeting = "Hi!";
    });
    const merged = merge(base, both, structuredClone(both));
    expect(merged.conflicts).toEqual([]);
    expect(merged.taken).toEqual([]);
  });

  it("puts both versions to the person, and keeps mine until then", () => {
    const mine = edited((agent) => {
      agent.greeting = "Mine";
    });
    const theirs = edited((agent) => {
      agent.greeting = "Theirs";
    });
    const merged = merge(base, mine, theirs);
    expect(merged.conflicts).toEqual([
      { path: "greeting", label: "Greeting", base: "Hello {name|there}.", mine: "Mine", theirs: "Theirs" },
    ]);
    expect(merged.agent.greeting).toBe("Mine");
  });

  it.each(["mine", "theirs"] as const)("obeys the choice of %s", (side) => {
    const mine = edited((agent) => {
      agent.greeting = "mine";
    });
    const theirs = edited((agent) => {
      agent.greeting = "theirs";
    });
    const merged = merge(base, mine, theirs, { choices: { greeting: side } });
    expect(merged.conflicts).toEqual([]);
    expect(merged.agent.greeting).toBe(side);
  });

  it("clears a field that one side cleared", () => {
    const theirs = edited((agent) => {
      agent.greeting = null;
    });
    expect(merge(base, base, theirs).agent.greeting).toBeNull();
  });

  it("merges the parts of the language model one by one and keeps the flat copies in step", () => {
    const mine = withPatch(base, { temperature: 0.2 });
    const theirs = withPatch(base, { llm: { provider: "openai" } });
    const merged = merge(base, mine, theirs);
    expect(merged.agent.llm).toMatchObject({ provider: "openai", temperature: 0.2 });
    expect(merged.agent.temperature).toBe(0.2);
    expect(merged.conflicts).toEqual([]);
  });

  it("merges attached integrations by kind", () => {
    const mine = withPatch(base, { integrations: { email: "a" } });
    const theirs = withPatch(base, { integrations: { calendar: "b" } });
    expect(merge(base, mine, theirs).agent.integrations).toEqual({ email: "a", calendar: "b" });
  });
});

describe("stages", () => {
  it("merges edits of different stages", () => {
    const mine = edited((agent) => {
      stage(agent, "order").prompt = "Mine.";
    });
    const theirs = edited((agent) => {
      stage(agent, "checkout").prompt = "Theirs.";
    });
    const { agent, conflicts, taken } = merge(base, mine, theirs);
    expect(conflicts).toEqual([]);
    expect(stage(agent, "order").prompt).toBe("Mine.");
    expect(stage(agent, "checkout").prompt).toBe("Theirs.");
    expect(taken).toEqual([{ path: "stages.checkout.prompt", label: "Prompt of stage checkout" }]);
  });

  it("merges the prompt of one and the tools of the other in the same stage", () => {
    const mine = edited((agent) => {
      stage(agent, "order").prompt = "Mine.";
    });
    const theirs = edited((agent) => {
      stage(agent, "order").tools.push("transfer_to_human");
    });
    const order = stage(merge(base, mine, theirs).agent, "order");
    expect(order.prompt).toBe("Mine.");
    expect(order.tools).toEqual(["price_order", "end_call", "transfer_to_human"]);
  });

  it("shows both prompts when both changed one", () => {
    const mine = edited((agent) => {
      stage(agent, "order").prompt = "Mine.";
    });
    const theirs = edited((agent) => {
      stage(agent, "order").prompt = "Theirs.";
    });
    expect(merge(base, mine, theirs).conflicts).toMatchObject([{ path: "stages.order.prompt", mine: "Mine.", theirs: "Theirs." }]);
  });

  it("keeps stages that either side added, each behind its neighbour", () => {
    const added = (name: string) => ({ name, prompt: name, tools: [], transitions: [] });
    const mine = edited((agent) => {
      stagesOf(agent).splice(1, 0, added("upsell"));
    });
    const theirs = edited((agent) => {
      stagesOf(agent).push(added("thanks"));
    });
    const merged = merge(base, mine, theirs);
    expect(stagesOf(merged.agent).map((item) => item.name)).toEqual(["order", "upsell", "checkout", "thanks"]);
    expect(paths(merged.taken)).toEqual(["stages.thanks"]);
  });

  it("follows a rename: their edit of the old name lands in the new one, and so do their transitions", () => {
    const mine = edited((agent) => {
      const [order, checkout] = stagesOf(agent);
      if (!order || !checkout) throw new Error("two stages");
      checkout.name = "pay";
      order.transitions = order.transitions.map((item) => ({ ...item, to_stage: "pay" }));
    });
    const theirs = edited((agent) => {
      stage(agent, "checkout").prompt = "Theirs.";
      stage(agent, "order").transitions.push({ on_tool: "end_call", to_stage: "checkout", handover_message: null });
      agent.first_stage = "checkout";
    });
    const { agent, conflicts } = merge(base, mine, theirs);
    expect(conflicts).toEqual([]);
    expect(stagesOf(agent).map((item) => item.name)).toEqual(["order", "pay"]);
    expect(stage(agent, "pay").prompt).toBe("Theirs.");
    expect(stage(agent, "order").transitions.map((item) => item.to_stage)).toEqual(["pay", "pay"]);
    expect(agent.first_stage).toBe("pay");
  });

  it("asks when both renamed the same stage", () => {
    const renamed = (name: string) =>
      edited((agent) => {
        stage(agent, "checkout").name = name;
      });
    expect(merge(base, renamed("pay"), renamed("till")).conflicts).toMatchObject([
      { path: "stages.checkout.name", mine: "pay", theirs: "till" },
    ]);
  });

  it("removes what one side removed and the other left alone", () => {
    const theirs = edited((agent) => {
      agent.stages = stagesOf(agent).slice(0, 1);
    });
    const merged = merge(base, base, theirs);
    expect(stagesOf(merged.agent).map((item) => item.name)).toEqual(["order"]);
    expect(paths(merged.taken)).toEqual(["stages.checkout"]);
  });

  it("asks when one removed what the other changed", () => {
    const mine = edited((agent) => {
      stage(agent, "checkout").prompt = "Mine.";
    });
    const theirs = edited((agent) => {
      agent.stages = stagesOf(agent).slice(0, 1);
    });
    const merged = merge(base, mine, theirs);
    expect(merged.conflicts).toMatchObject([{ path: "stages.checkout", mine: { prompt: "Mine." }, theirs: undefined }]);
    expect(stagesOf(merged.agent)).toHaveLength(2);
    const accepted = merge(base, mine, theirs, { choices: { "stages.checkout": "theirs" } });
    expect(stagesOf(accepted.agent)).toHaveLength(1);
  });

  it("asks about the prompt when both added a stage of the same name, and joins their tools", () => {
    const added = (prompt: string, tool: string) =>
      edited((agent) => {
        stagesOf(agent).push({ name: "thanks", prompt, tools: [tool], transitions: [] });
      });
    const merged = merge(base, added("Mine.", "end_call"), added("Theirs.", "send_dtmf"));
    expect(paths(merged.conflicts)).toEqual(["stages.thanks.prompt"]);
    expect(new Set(stage(merged.agent, "thanks").tools)).toEqual(new Set(["end_call", "send_dtmf"]));
  });

  it("keeps the order of the side that reordered, with what the other added", () => {
    const mine = edited((agent) => {
      agent.stages = stagesOf(agent).reverse();
    });
    const theirs = edited((agent) => {
      stagesOf(agent).push({ name: "thanks", prompt: "t", tools: [], transitions: [] });
    });
    expect(stagesOf(merge(base, mine, theirs).agent).map((item) => item.name)).toEqual(["checkout", "thanks", "order"]);
    expect(stagesOf(merge(base, base, mine).agent).map((item) => item.name)).toEqual(["checkout", "order"]);
  });

  it("keeps two stages that carry the same name by mistake", () => {
    const mine = edited((agent) => {
      stagesOf(agent).push({ name: "order", prompt: "again", tools: [], transitions: [] });
    });
    expect(stagesOf(merge(base, mine, base).agent).map((item) => item.prompt)).toEqual(["Take the order.", "Ask for the name.", "again"]);
  });
});

describe("tools and transitions", () => {
  it("joins additions and removals in a list of tools", () => {
    const mine = edited((agent) => {
      stage(agent, "order").tools = ["end_call"];
    });
    const theirs = edited((agent) => {
      stage(agent, "order").tools = ["price_order", "send_dtmf", "end_call"];
    });
    expect(stage(merge(base, mine, theirs).agent, "order").tools).toEqual(["send_dtmf", "end_call"]);
  });

  it("merges the code of one and the description of the other", () => {
    const mine = withPatch(base, {
      tool_definitions: (base.tool_definitions ?? []).map((tool) => (tool.name === "price_order" ? { ...tool, code: "return {}" } : tool)),
    });
    const theirs = withPatch(base, {
      tool_definitions: (base.tool_definitions ?? []).map((tool) =>
        tool.name === "price_order" ? { ...tool, description: "New." } : tool,
      ),
    });
    const merged = merge(base, mine, theirs);
    expect(merged.conflicts).toEqual([]);
    expect(merged.agent.tool_definitions?.[0]).toMatchObject({ code: "return {}", description: "New." });
  });

  it("asks when both changed the code of a tool", () => {
    const withCode = (code: string) =>
      withPatch(base, { tool_definitions: (base.tool_definitions ?? []).map((tool, place) => (place === 0 ? { ...tool, code } : tool)) });
    expect(merge(base, withCode("return 1"), withCode("return 2")).conflicts).toMatchObject([
      { path: "tool_definitions.price_order.code", label: "Code of tool price_order" },
    ]);
  });

  it("merges the goal of a transition and its handover message", () => {
    const mine = edited((agent) => {
      stage(agent, "order").transitions = [{ on_tool: "price_order", to_stage: "checkout", handover_message: "New: {total}" }];
    });
    const theirs = edited((agent) => {
      stage(agent, "order").transitions = [{ on_tool: "price_order", to_stage: "order", handover_message: "It costs {total}." }];
    });
    expect(stage(merge(base, mine, theirs).agent, "order").transitions).toEqual([
      { on_tool: "price_order", to_stage: "order", handover_message: "New: {total}" },
    ]);
  });

  it("lets both move tools into the preload", () => {
    const mine = withPatch(base, { preload_tools: ["a"] });
    const theirs = withPatch(base, { preload_tools: ["b"] });
    expect(new Set(merge(base, mine, theirs).agent.preload_tools)).toEqual(new Set(["a", "b"]));
  });

  it("merges inline tools of a one-stage agent by name", () => {
    const simple = withPatch(base, { stages: [], tools: ["end_call"] });
    const mine = withPatch(simple, { tools: ["end_call", { name: "own", code: "return {}", description: "" }] });
    const theirs = withPatch(simple, { tools: ["end_call", "send_dtmf"] });
    const merged = merge(simple, mine, theirs).agent.tools?.map((tool) => (typeof tool === "string" ? tool : tool.name));
    expect(new Set(merged)).toEqual(new Set(["end_call", "own", "send_dtmf"]));
  });
});

it("names every place that differs, and nothing when nothing does", () => {
  expect(changesBetween(base, structuredClone(base))).toEqual([]);
  const after = edited((agent) => {
    agent.role = "cook";
    stage(agent, "order").tools.pop();
  });
  expect(changesBetween(base, after).map((place) => place.label)).toEqual(["Role", "Tools of stage order"]);
});

it("is the same whoever asks when nothing collides", () => {
  const mine = edited((agent) => {
    agent.greeting = "A";
    stage(agent, "order").prompt = "B";
  });
  const theirs = edited((agent) => {
    agent.farewell = "C";
    stage(agent, "checkout").tools.unshift("send_dtmf");
  });
  expect(merge(base, mine, theirs).agent).toEqual(merge(base, theirs, mine).agent);
});
