/**
 * Three-way merge of drafts: what one side alone changed is taken, what both changed the same way is one change, and what both
 * changed differently is a conflict for a person. Stages are followed through a rename. Pure.
 */
import { type Agent, isSame, SERVER_FIELDS, type Stage, type Tool, type Transition, toolNameOf, whole, withMirrored } from "./agent";
import { Pieces, type Place } from "./pieces";

export type Side = "mine" | "theirs";

/** Both sides changed the same thing. A value of undefined: that side removed it (or `base`: it did not exist). */
export interface Conflict extends Place {
  base: unknown;
  mine: unknown;
  theirs: unknown;
}

export interface Merged {
  agent: Agent;
  /** In each of them the agent holds what `otherwise` says. */
  conflicts: Conflict[];
  /** What came from their side. */
  taken: Place[];
}

/** Decided by path; what is not decided takes the side `otherwise`. */
export interface Decisions {
  choices?: Readonly<Record<string, Side>>;
  otherwise?: Side;
}

const LISTS = new Set(["stages", "first_stage", "tools", "tool_definitions", "preload_tools", "resources"]);
const RECORDS = new Set(["llm", "stt", "tts", "realtime", "integrations"]);
const SERVERS: ReadonlySet<string> = new Set(SERVER_FIELDS);
const REPEATED = new Set(["temperature", "thinking_level"]);

/** `mine` and `theirs` both come from `base`. Fields that only the server sets are theirs. */
export function merge(base: Agent, mine: Agent, theirs: Agent, decisions: Decisions = {}): Merged {
  const pieces = new Pieces(decisions.choices ?? {}, decisions.otherwise ?? "mine");
  const [b, m, t] = [whole(base), whole(mine), whole(theirs)];
  const fields: Record<string, unknown> = {};
  const [from, one, other] = [b, m, t] as unknown as Record<string, unknown>[] as [
    Record<string, unknown>,
    Record<string, unknown>,
    Record<string, unknown>,
  ];
  for (const field of Object.keys({ ...one, ...other })) {
    if (LISTS.has(field) || REPEATED.has(field)) continue;
    const [was, left, right] = [from[field], one[field], other[field]];
    fields[field] = SERVERS.has(field)
      ? right
      : RECORDS.has(field)
        ? pieces.record(field, asRecord(was), asRecord(left), asRecord(right))
        : pieces.leaf(field, was, left, right);
  }
  const stages = mergeStages(pieces, b, m, t);
  const merged = {
    ...fields,
    ...stages,
    tools: pieces.keyed("tools", b.tools ?? [], m.tools ?? [], t.tools ?? [], toolNameOf, (path, was, left, right) =>
      typeof left === "string" || typeof right === "string"
        ? pieces.leaf(path, was, left, right)
        : mergeTool(pieces, path, typeof was === "string" ? undefined : was, left, right),
    ),
    tool_definitions: pieces.keyed(
      "tool_definitions",
      b.tool_definitions ?? [],
      m.tool_definitions ?? [],
      t.tool_definitions ?? [],
      toolNameOf,
      (path, was, left, right) => mergeTool(pieces, path, was, left, right),
    ),
    preload_tools: pieces.names("preload_tools", b.preload_tools ?? [], m.preload_tools ?? [], t.preload_tools ?? []),
    resources: pieces.keyed(
      "resources",
      b.resources ?? [],
      m.resources ?? [],
      t.resources ?? [],
      (resource) => resource.model,
      (path, was, left, right) => pieces.parts(path, was, left, right),
    ),
  } as unknown as Agent;
  return { agent: withMirrored(merged), conflicts: pieces.conflicts, taken: pieces.taken };
}

/** What differs between two drafts, by place. */
export function changesBetween(before: Agent, after: Agent): Place[] {
  return merge(before, before, after).taken;
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function mergeTool(pieces: Pieces, path: string, was: Tool | undefined, mine: Tool, theirs: Tool): Tool {
  return pieces.parts(path, was, mine, theirs);
}

interface Identified {
  stages: Stage[];
  /** Of each stage, in their order: its name in `base`, or its own when it is new. */
  ids: string[];
  first: string | null;
}

function mergeStages(pieces: Pieces, base: Agent, mine: Agent, theirs: Agent): Pick<Agent, "stages" | "first_stage"> {
  const from = identified(base, base);
  const one = identified(base, mine);
  const other = identified(base, theirs);
  const finalNames = new Map<string, string>();
  const keys = new Map<Stage, string>();
  for (const side of [from, one, other]) for (const [place, stage] of side.stages.entries()) keys.set(stage, side.ids[place] ?? stage.name);
  const stages = pieces.keyed(
    "stages",
    from.stages,
    one.stages,
    other.stages,
    (stage) => keys.get(stage) ?? stage.name,
    (path, was, left, right) => {
      const stage = mergeStage(pieces, path, was, left, right);
      keys.set(stage, keys.get(left) ?? left.name);
      return stage;
    },
  );
  for (const stage of stages) finalNames.set(keys.get(stage) ?? stage.name, stage.name);
  const named = (id: string) => finalNames.get(id) ?? id;
  return {
    stages: stages.map((stage) => ({
      ...stage,
      transitions: stage.transitions.map((item) => ({ ...item, to_stage: named(item.to_stage) })),
    })),
    first_stage: nullable(pieces.leaf("first_stage", from.first, one.first, other.first), named),
  };
}

function nullable(id: string | null, named: (id: string) => string): string | null {
  return id === null ? null : named(id);
}

function mergeStage(pieces: Pieces, path: string, was: Stage | undefined, mine: Stage, theirs: Stage): Stage {
  return {
    name: pieces.leaf(`${path}.name`, was?.name, mine.name, theirs.name),
    prompt: pieces.leaf(`${path}.prompt`, was?.prompt, mine.prompt, theirs.prompt),
    tools: pieces.names(`${path}.tools`, was?.tools ?? [], mine.tools, theirs.tools),
    transitions: pieces.keyed(
      `${path}.transitions`,
      was?.transitions ?? [],
      mine.transitions,
      theirs.transitions,
      (item) => item.on_tool,
      (at, before, left, right): Transition => pieces.parts(at, before, left, right),
    ),
  };
}

/** The stages of `side` with the identities of `base`; transitions and the first stage name identities. */
function identified(base: Agent, side: Agent): Identified {
  const befores = (base.stages ?? []) as Stage[];
  const stages = (side.stages ?? []) as Stage[];
  const ids = new Map<Stage, string>();
  const free = new Set(befores.map((stage) => stage.name));
  for (const stage of stages) if (free.delete(stage.name)) ids.set(stage, stage.name);
  const left = befores.filter((stage) => free.has(stage.name));
  for (const [place, stage] of stages.entries()) {
    if (ids.has(stage)) continue;
    const before = left.find(
      (item) => free.has(item.name) && isRenamed(item, stage, befores.indexOf(item) === place && befores.length === stages.length),
    );
    if (before) free.delete(before.name);
    ids.set(stage, before?.name ?? stage.name);
  }
  const byName = new Map(stages.map((stage) => [stage.name, ids.get(stage) ?? stage.name]));
  const identity = (name: string) => byName.get(name) ?? name;
  return {
    ids: stages.map((stage) => ids.get(stage) ?? stage.name),
    stages: stages.map((stage) => ({
      ...stage,
      transitions: stage.transitions.map((item) => ({ ...item, to_stage: identity(item.to_stage) })),
    })),
    first: side.first_stage ? identity(side.first_stage) : null,
  };
}

function isRenamed(before: Stage, after: Stage, isSamePlace: boolean): boolean {
  return (
    (before.prompt !== "" && before.prompt === after.prompt) ||
    (before.tools.length > 0 && isSame(before.tools, after.tools)) ||
    isSamePlace
  );
}
