/** What a run of a test found, in words. Pure. */
import type { Schemas } from "../../../api/api";

export type Result = Schemas["AgentTestResult"];
export type Difference = Schemas["TestDifference"];

/** Differences that make a test fail; the others say how the draft would tell or pace the same way. */
const WAYS: ReadonlySet<Difference["kind"]> = new Set(["stage", "tool", "outcome"]);

const KINDS: Record<Difference["kind"], string> = {
  stage: "Stage",
  tool: "Tool",
  outcome: "End of the call",
  words: "Words",
  prompt: "Prompt",
  timing: "Timing",
};

export function kindInWords(kind: Difference["kind"]): string {
  return KINDS[kind];
}

export function split(differences: readonly Difference[]): { ways: Difference[]; others: Difference[] } {
  return { ways: differences.filter((one) => WAYS.has(one.kind)), others: differences.filter((one) => !WAYS.has(one.kind)) };
}

/** "Passed · 12 decisions the same", "2 differences", "Could not run". */
export function resultInWords(result: Pick<Result, "passed" | "decisions" | "differences" | "error">): string {
  if (result.error) return `Could not run: ${result.error}`;
  const { ways, others } = split(result.differences);
  if (ways.length > 0) return ways.length === 1 ? "Goes another way in 1 place" : `Goes another way in ${ways.length} places`;
  const same = `${result.decisions} ${result.decisions === 1 ? "decision" : "decisions"} compared`;
  return others.length > 0 ? `Same way · ${same}, ${others.length} told or paced otherwise` : `Same way · ${same}`;
}

/** What a test is about: "3 turns · order → pay · buy, end_call". */
export function aboutTest(test: Pick<Schemas["AgentTestView"], "user_turns" | "stages" | "tools">): string {
  const turns = `${test.user_turns} ${test.user_turns === 1 ? "turn" : "turns"}`;
  const tools = [...new Set(test.tools)];
  const shown = tools.length > 3 ? `${tools.slice(0, 3).join(", ")} and ${tools.length - 3} more` : tools.join(", ");
  return [turns, test.stages.join(" → "), shown].filter(Boolean).join(" · ");
}
