/** What a stream of generated code shows while it is written. Pure. */
import type { Schemas } from "../../../../api/api";

export type ToolGenerated = Schemas["ToolGenerated"];

export interface Writing {
  phase: "writing" | "repairing" | "done" | "failed";
  /** The model's answer so far, of this attempt. */
  answer: string;
  /** The code to show. */
  code: string;
  result: ToolGenerated | null;
  problem: string;
}

export const NOT_BEGUN: Writing = { phase: "writing", answer: "", code: "", result: null, problem: "" };

/** After one event of the stream. */
export function advanced(before: Writing, event: string, data: string): Writing {
  const body = JSON.parse(data) as { text?: string; result?: ToolGenerated | null };
  switch (event) {
    case "delta": {
      const answer = before.answer + (body.text ?? "");
      return { ...before, answer, code: codeIn(answer) || before.code };
    }
    case "draft":
      return { ...before, phase: "repairing", answer: "", code: body.result?.code ?? before.code, result: body.result ?? null };
    case "done":
      return { ...before, phase: "done", code: body.result?.code ?? before.code, result: body.result ?? null };
    case "error":
      return { ...before, phase: "failed", problem: body.text || "The writing broke off." };
    default:
      return before;
  }
}

/** The code of an answer that may not be finished: what stands in its first fence, or all of it. */
export function codeIn(answer: string): string {
  const begin = answer.indexOf("```");
  if (begin < 0) return "`".repeat(3).startsWith(answer.trim()) ? "" : answer;
  const line = answer.indexOf("\n", begin);
  if (line < 0) return "";
  const end = answer.indexOf("\n```", line);
  return (end < 0 ? answer.slice(line + 1) : answer.slice(line + 1, end + 1)).replace(/\n`{1,2}$/, "\n");
}
