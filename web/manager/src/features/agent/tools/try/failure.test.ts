/** Proves D5: a failed trial says what kind of failure it was and at which line. */
import { describe, expect, it } from "vitest";
import { adviceOf, failedLine } from "./failure";

const FAILED = { status: "failed" as const, error: "KeyError: 'x' (line 4)", error_code: "tool_error", line: 0 };

describe("a failed trial", () => {
  it("names its line", () => {
    expect(failedLine({ ...FAILED, line: 7 })).toBe(7);
    expect(failedLine(FAILED)).toBe(4);
    expect(failedLine({ ...FAILED, error: "no such line 4 here" })).toBe(0);
  });

  it.each([
    ["backend_authentication", "refused the login"],
    ["backend_access", "may not do this"],
    ["backend_validation", "refused the values"],
    ["backend_not_configured", "needs a connection"],
    ["invalid_arguments", "do not fit the parameters"],
    ["tool_error", "code itself broke"],
  ])("%s: %s", (code, words) => {
    expect(adviceOf({ ...FAILED, error_code: code })).toContain(words);
  });

  it("warns before a webhook of unknown fate is sent again", () => {
    expect(adviceOf({ ...FAILED, status: "unknown" })).toContain("before you send it again");
  });
});
