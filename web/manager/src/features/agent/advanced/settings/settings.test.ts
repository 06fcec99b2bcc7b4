/** Proves A2: a field says what is wrong before it is saved, and shows the API's own words after. */
import { describe, expect, it } from "vitest";
import { languageProblem, mailProblem, nameTextProblem, phoneProblem, urlProblem } from "./checks";
import { problemOfField } from "./typed";

describe("fields", () => {
  it.each([
    [phoneProblem, ["", "+12025550123"], ["12025550123", "+1 202", "+0123456"]],
    [mailProblem, ["", "a@b.example"], ["a", "a b@c"]],
    [
      urlProblem,
      ["", "https://crm.example.com/x?y=1", "http://10.0.0.1:8080"],
      ["crm.example.com", "ftp://x.example", "https://", "https://a b.example"],
    ],
    [languageProblem, ["en", "en-GB", "zh-Hans-CN"], ["", "english!", "e"]],
    [nameTextProblem, ["Bella"], ["", " ", "x".repeat(201)]],
  ])("%o", (check, good, bad) => {
    expect(good.map(check).every((words) => words === "")).toBe(true);
    expect(bad.map(check).every((words) => words !== "")).toBe(true);
  });

  it("find their own words in the API's message", () => {
    const message =
      "tools_webhook_url: must be an http URL such as https://x: only http, not ''; test_caller_phone: String should match; really";
    expect(problemOfField(message, "tools_webhook_url")).toBe("must be an http URL such as https://x: only http, not ''");
    expect(problemOfField(message, "test_caller_phone")).toBe("String should match; really");
    expect(problemOfField(message, "phone")).toBe("");
    expect(problemOfField("llm.fallbacks.0.provider: too short", "llm")).toBe("too short");
  });
});
