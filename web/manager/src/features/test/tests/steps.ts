/** Steps of a test that a person writes: what the form holds ↔ what the API takes (rule D6). Pure. */
import type { Schemas } from "../../../api/api";
import { type Agent, firstStageOf, stagesOf } from "../../agent/draft/agent";
import { placesOf, toolsIn } from "../../agent/stages/toolPlaces";
import { objectFrom } from "../../agent/tools/try/arguments";
import { ENDED } from "../../calls/words";

export type Step = NonNullable<Schemas["AgentTestCreate"]["steps"]>[number];
export type StepKind = Step["kind"];
type Calls = Extract<Step, { kind: "calls" }>;
type Ends = Extract<Step, { kind: "ends" }>;

/** A step as the form holds it: JSON as it was typed. `key` tells rows apart while they move. */
export type Row = { key: number } & (
  | Extract<Step, { kind: "says" | "stage" }>
  | { kind: "calls"; tool: string; status: NonNullable<Calls["status"]>; argumentsText: string; resultText: string }
  | { kind: "ends"; reason: NonNullable<Ends["reason"]> }
);
export type RowOf<Kind extends StepKind> = Extract<Row, { kind: Kind }>;

export const KINDS: Record<StepKind, string> = {
  says: "The caller says",
  calls: "A tool is called",
  stage: "The stage is",
  ends: "The conversation ends",
};
export const MOST_STEPS = 200;
/** What an agent without stages is in (rule A3). */
const ONLY_STAGE = "main";
/** What an agent can do to end a conversation; other ends happen to it. */
const ENDINGS = ["agent_ended", "transferred"] as const;

export function rowsOf(steps: readonly Step[]): Row[] {
  return steps.map((step, key): Row => {
    switch (step.kind) {
      case "calls":
        return {
          key,
          kind: "calls",
          tool: step.tool,
          status: step.status ?? "ok",
          argumentsText: asText(step.arguments),
          resultText: asText(step.result),
        };
      case "ends":
        return { key, kind: "ends", reason: step.reason ?? "agent_ended" };
      default:
        return { key, ...step };
    }
  });
}

/** What is typed into a JSON field and cannot be read, in words; empty: nothing. */
export function jsonProblem(text: string): string {
  try {
    objectFrom(text);
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : "This cannot be read.";
  }
}

export function isReadable(row: Row): boolean {
  return row.kind !== "calls" || (jsonProblem(row.argumentsText) === "" && jsonProblem(row.resultText) === "");
}

/** Throws an Error with words for people for a row that is not readable. */
export function stepsOf(rows: readonly Row[]): Step[] {
  return rows.map(({ key: _, ...row }): Step => {
    if (row.kind !== "calls") return row;
    const { argumentsText, resultText, ...call } = row;
    return { ...call, arguments: objectFrom(argumentsText), result: objectFrom(resultText) };
  });
}

/** A row to fill in. A stage is the one that the steps before it lead to. */
export function newRow(kind: StepKind, draft: Agent, before: readonly Row[]): Row {
  const key = Math.max(-1, ...before.map((row) => row.key)) + 1;
  switch (kind) {
    case "says":
      return { key, kind, text: "" };
    case "calls":
      return { key, kind, tool: "", status: "ok", argumentsText: "", resultText: "" };
    case "stage":
      return { key, kind, stage: stageAfter(draft, before) };
    case "ends":
      return {
        key,
        kind,
        reason: before.some((row) => row.kind === "calls" && row.tool === "transfer_to_human") ? "transferred" : "agent_ended",
      };
  }
}

/** Where the draft stands after these steps: tools that are done move it on (rule S2). */
export function stageAfter(draft: Agent, rows: readonly Row[]): string {
  let stage = firstStageOf(draft);
  for (const row of rows) {
    if (row.kind !== "calls" || row.status !== "ok") continue;
    const next = stage?.transitions.find((item) => item.on_tool === row.tool)?.to_stage;
    stage = stagesOf(draft).find((other) => other.name === next) ?? stage;
  }
  return stage?.name ?? ONLY_STAGE;
}

/** One place up or down; the same rows where there is none. */
export function moved(rows: readonly Row[], from: number, by: -1 | 1): Row[] {
  const [to, result] = [from + by, [...rows]];
  const row = result[from];
  if (!row || to < 0 || to >= rows.length) return result;
  result.splice(from, 1);
  result.splice(to, 0, row);
  return result;
}

/** Names to choose from; one that the draft does not have (any more) stays one. */
export function toolChoices(draft: Agent, chosen: string): string[] {
  const places = placesOf(draft).filter((place) => place !== "preload");
  return [...new Set([...places.flatMap((place) => toolsIn(draft, place)), chosen])].filter(Boolean);
}

export function stageChoices(draft: Agent, chosen: string): string[] {
  const names = stagesOf(draft).map((stage) => stage.name);
  return [...new Set([...(names.length > 0 ? names : [ONLY_STAGE]), chosen])].filter(Boolean);
}

export function endChoices(chosen: RowOf<"ends">["reason"]): { value: RowOf<"ends">["reason"]; label: string }[] {
  return [...new Set([...ENDINGS, chosen])].map((value) => ({ value, label: ENDED[value] }));
}

function asText(value: Record<string, unknown> | undefined): string {
  return value && Object.keys(value).length > 0 ? JSON.stringify(value) : "";
}
