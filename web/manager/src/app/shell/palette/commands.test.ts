/** Proves UI1 UI4: the palette reaches every page, agent, setting, number and recent call, and offers only what the role may do. */
import { expect, test } from "vitest";
import { exampleAgent } from "../../../features/agent/draft/exampleAgent";
import { agentWords, commandsForText, commandsOf, type Known } from "./commands";
import { rank } from "./search";

const known = (changes: Partial<Known> = {}): Known => ({
  role: "owner",
  agents: [exampleAgent({ agent_id: "pizzeria", display_name: "Bella", deployed: true, has_undeployed_changes: true })],
  numbers: [],
  calls: [],
  ago: () => "just now",
  ...changes,
});
const hrefs = (made: Known) => commandsOf(made).flatMap((command) => (command.action.kind === "go" ? [command.action.href] : []));

test("every page of the rail and every tab of an agent can be reached", () => {
  const found = hrefs(known());
  for (const page of ["/", "/calls", "/live", "/voicemails", "/numbers", "/blocked", "/embed", "/integrations", "/audit"])
    expect(found).toContain(page);
  for (const tab of ["stages", "resources", "conversations", "voip", "test", "advanced", "deployments"])
    expect(found).toContain(`/agents/pizzeria/${tab}`);
  for (const section of ["profile", "users", "api-keys", "plan", "carriers", "providers", "webhooks"])
    expect(found).toContain(`/settings/${section}`);
});

test("an agent that differs from its deployment can be deployed", () => {
  expect(hrefs(known())).toContain("/agents/pizzeria/stages#deploy");
  expect(hrefs(known({ agents: [exampleAgent({ has_undeployed_changes: false })] }))).not.toContain("/agents/pizzeria/stages#deploy");
});

test("a viewer is offered nothing that changes, and not the log", () => {
  const found = hrefs(known({ role: "viewer" }));
  expect(found).not.toContain("/?new=true");
  expect(found).not.toContain("/agents/pizzeria/stages#deploy");
  expect(found).not.toContain("/audit");
  expect(found).not.toContain("/settings/api-keys");
  expect(found).toContain("/agents/pizzeria/stages");
});

test("a number is found as it is read and as it is dialled, a call by its id", () => {
  const number = { id: "n1", number: "+12025550100", inboundRoute: "ai_agent", routeTarget: "pizzeria" } as Known["numbers"][number];
  const call = {
    call_id: "0f8b5c0e-6a39",
    caller_phone: "+12025550147",
    agent_id: "pizzeria",
    started_at: "2026-01-01T00:00:00Z",
  } as Known["calls"][number];
  const commands = commandsOf(known({ numbers: [number], calls: [call] }));
  expect(rank("202 555 0100", commands)[0]?.id).toBe("number-n1");
  expect(rank("+12025550100", commands)[0]?.id).toBe("number-n1");
  expect(rank("0f8b5c", commands)[0]?.id).toBe("call-0f8b5c0e-6a39");
});

test("every entry has its own id", () => {
  const ids = commandsOf(known()).map((command) => command.id);
  expect(new Set(ids).size).toBe(ids.length);
});

test("a text that looks like the id of a call opens it; any other searches the calls", () => {
  expect(commandsForText("0f8b5c0e-6a39-4c1f").map((command) => command.id)).toEqual(["open-call", "search-calls"]);
  expect(commandsForText("margherita").map((command) => command.action)).toEqual([{ kind: "go", href: "/calls?q=margherita" }]);
  expect(commandsForText("ab")).toEqual([]);
});

test("the API is asked for the agent, not for its tab", () => {
  expect(agentWords("bella test")).toBe("bella");
  expect(agentWords("  deploy pizzeria roma ")).toBe("pizzeria roma");
  expect(agentWords("test")).toBe("test");
  expect(agentWords("")).toBe("");
});

test("an agent is found by its company", () => {
  const commands = commandsOf(
    known({ agents: [exampleAgent({ agent_id: "front-desk", display_name: "Mia", company: "Trattoria Group" })] }),
  );
  expect(rank("trattoria", commands)[0]?.label).toBe("Mia");
});
