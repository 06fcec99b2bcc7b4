/** Variables that a prompt of an agent may name (rule V4), for completion and preview. Pure. */
import { type Agent, isSame, kindOf, ownToolsOf, stagesOf, type Tool } from "../draft/agent";
import { namesIn, type Values } from "./render";

export interface Variable {
  name: string;
  /** Where its value comes from: "the call", "set by the tool find_customer". */
  source: string;
  /** For the preview. */
  example: string;
}

const OF_CALL: Variable[] = [
  { name: "caller_phone", source: "the call", example: "+12025550123" },
  { name: "to_number", source: "the call", example: "+12025550100" },
  { name: "call_sid", source: "the call", example: "CA0123456789" },
];
const OF_LOOKUP: Variable[] = [
  { name: "name", source: "caller lookup", example: "Ada Smith" },
  { name: "email", source: "caller lookup", example: "ada@example.com" },
  { name: "phone", source: "caller lookup", example: "+12025550123" },
  { name: "customer_id", source: "caller lookup", example: "1042" },
  { name: "found", source: "caller lookup: True or False", example: "True" },
];

const SET_IN_SESSION = /\bsession\s*\[\s*(["'])([A-Za-z_][A-Za-z0-9_]*)\1\s*\]\s*=(?!=)/g;
const KEY_OF_DICT = /(["'])([A-Za-z_][A-Za-z0-9_]*)\1\s*:/g;
const RETURNED = /\breturn\b([\s\S]*?)(?=\n\s*(?:return|if|for|while|else|elif|try|except|def)\b|$)/g;

/** Names that tool code puts into `session`. */
export function sessionNamesOf(tool: Tool): string[] {
  return ofCode(sessionNames, tool, (code) => unique([...code.matchAll(SET_IN_SESSION)].map((found) => found[2] ?? "")));
}

/** Fields of the dicts that tool code returns, as far as they stand in the code. */
export function resultNamesOf(tool: Tool): string[] {
  return ofCode(resultNames, tool, (code) => {
    const names = [...code.matchAll(RETURNED)].flatMap((found) => [...(found[1] ?? "").matchAll(KEY_OF_DICT)]);
    return unique(names.map((found) => found[2] ?? "")).filter((name) => name !== "_run_llm");
  });
}

const sessionNames = new Map<string, string[]>();
const resultNames = new Map<string, string[]>();
const MOST_KEPT = 500;

/** Code is read once, not with every letter that is typed elsewhere. */
function ofCode(kept: Map<string, string[]>, tool: Tool, read: (code: string) => string[]): string[] {
  const code = tool.code ?? "";
  const names = kept.get(code) ?? read(code);
  if (kept.size > MOST_KEPT) kept.clear();
  kept.set(code, names);
  return names;
}

/** Every editor on the page asks for the same draft. */
const known = new WeakMap<Agent, Map<string, readonly Variable[]>>();
/** The list before, given again while it says the same: an editor is set up anew with every other one. */
const before = new Map<string, readonly Variable[]>();

/** In the order of rule V4; `resultOf` adds the result of one tool, for handover messages. */
export function variablesOf(agent: Agent, resultOf = ""): readonly Variable[] {
  const found = known.get(agent) ?? new Map<string, readonly Variable[]>();
  known.set(agent, found);
  const variables = found.get(resultOf) ?? steady(resultOf, collected(agent, resultOf));
  found.set(resultOf, variables);
  return variables;
}

function steady(key: string, variables: readonly Variable[]): readonly Variable[] {
  const last = before.get(key);
  if (last && isSame(last, variables)) return last;
  before.set(key, variables);
  return variables;
}

function collected(agent: Agent, resultOf: string): readonly Variable[] {
  const tools = ownToolsOf(agent);
  const found: Variable[] = [];
  const tool = tools.find((item) => item.name === resultOf);
  if (tool) {
    for (const name of kindOf(tool) === "code" ? resultNamesOf(tool) : [])
      found.push({ name, source: `result of ${tool.name}`, example: `‹${name}›` });
  }
  found.push(...OF_CALL, ...OF_LOOKUP);
  for (const item of tools) {
    if ((agent.preload_tools ?? []).includes(item.name))
      for (const name of resultNamesOf(item)) found.push({ name, source: `preload tool ${item.name}`, example: `‹${name}›` });
    for (const name of sessionNamesOf(item)) found.push({ name, source: `set by the tool ${item.name}`, example: `‹${name}›` });
  }
  for (const name of namesUsed(agent)) found.push({ name, source: "used in this agent", example: "" });
  return found.filter((variable, place) => found.findIndex((other) => other.name === variable.name) === place);
}

function namesUsed(agent: Agent): string[] {
  const texts = [agent.system_prompt ?? "", agent.greeting ?? "", agent.farewell ?? "", ...stagesOf(agent).map((stage) => stage.prompt)];
  return unique(texts.flatMap(namesIn));
}

/** Values of a test caller: known to the backend, or calling for the first time. */
export function exampleValues(agent: Agent, variables: readonly Variable[], isKnown: boolean): Values {
  const values: Record<string, string> = {};
  for (const { name, source, example } of variables) {
    const isLookup = source.startsWith("caller lookup");
    values[name] = isLookup && !isKnown ? (name === "found" ? "False" : "") : example;
  }
  if (agent.test_caller_phone) {
    values.caller_phone = agent.test_caller_phone;
    if (isKnown) values.phone = agent.test_caller_phone;
  }
  return values;
}

export interface Completions {
  /** Where the name begins. */
  from: number;
  options: Variable[];
}

/** What may follow an open brace left of `at`; null: there is none. */
export function completionsAt(text: string, at: number, variables: readonly Variable[]): Completions | null {
  const before = text.slice(Math.max(0, at - 100), at);
  const open = /(\{+)\s*([A-Za-z_][A-Za-z0-9_.]*)?$/.exec(before);
  // An even number of braces is that many literal ones.
  if (!open || (open[1] ?? "").length % 2 === 0) return null;
  const typed = open[2] ?? "";
  return { from: at - typed.length, options: variables.filter((variable) => variable.name.toLowerCase().includes(typed.toLowerCase())) };
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names.filter(Boolean))];
}
