/** A trial that failed, in words that lead on (rule D5). Pure. */
import type { Schemas } from "../../../../api/api";

type Tried = Pick<Schemas["ToolTried"], "status" | "error" | "error_code" | "line">;

/** The line of the code that broke, from 1; 0 when it was not the code. */
export function failedLine(tried: Tried): number {
  return tried.line || Number(/\(line (\d+)\)\s*$/.exec(tried.error)?.[1] ?? 0);
}

/** What kind of failure it was, and what to do about it; "" when the message says it all. */
export function adviceOf(tried: Tried): string {
  const { error_code: code, status } = tried;
  if (status === "timed_out") return "It took longer than its time limit. Ask for fewer records, or raise the limit of the tool.";
  if (status === "unknown") return "It is not known whether the request was processed. Look in the other system before you send it again.";
  if (/invalid_arguments/.test(code)) return "The arguments do not fit the parameters. The model would be told the same and try again.";
  if (/authentication/.test(code)) return "The backend refused the login. Check user and key under Advanced, Backend.";
  if (/access/.test(code)) return "The backend's user may not do this. Give that user the right, or use another one.";
  if (/validation/.test(code)) return "The backend refused the values. Its own words are above.";
  if (/not_configured/.test(code)) return "The tool needs a connection that the agent does not have. Set it under Advanced.";
  if (/unavailable|unreachable|connect/.test(code)) return "The other system could not be reached.";
  if (/host_call_limit|memory|output/.test(code)) return "The tool went beyond the sandbox's limits.";
  if (code === "tool_error") return "The code itself broke. What its names held at that moment stands below.";
  return "";
}
