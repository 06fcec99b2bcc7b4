/** Proves S5 N2 UI2: the deploy bar says what differs, where a deploy goes and what blocks it. */
import { describe, expect, it } from "vitest";
import { type DeployFacts, deployView, findingsInWords } from "./deployState";

const FACTS: DeployFacts = {
  channel: "voice",
  number: "+12025550100",
  deployment: 12,
  hasChanges: true,
  changes: 4,
  errors: 0,
  warnings: 1,
  saveState: "saved",
  isReadOnly: false,
};

describe("deploy bar", () => {
  it("says where a deploy goes", () => {
    expect(deployView(FACTS)).toEqual({
      tone: "changed",
      status: "4 changes are not live yet",
      action: "Deploy to +1 202 555 0100",
      obstacle: "",
    });
    expect(deployView({ ...FACTS, number: null }).action).toBe("Deploy");
  });
  it("tells a new agent from a live one", () => {
    expect(deployView({ ...FACTS, deployment: null })).toMatchObject({ tone: "never", status: "Not deployed yet", obstacle: "" });
    expect(deployView({ ...FACTS, hasChanges: false, changes: 0 })).toMatchObject({
      tone: "live",
      status: "Deployment 12 is live",
      obstacle: "Everything is live already.",
    });
    expect(deployView({ ...FACTS, changes: null }).status).toBe("Deployment 12 is live, the draft differs");
    expect(deployView({ ...FACTS, changes: 1 }).status).toBe("1 change is not live yet");
  });
  it("may be pressed while the last change is still being saved: the deploy waits for it", () => {
    expect(deployView({ ...FACTS, hasChanges: false, changes: 0, saveState: "saving" }).obstacle).toBe("");
  });
  it.each([
    [{ errors: 2 }, "2 errors block the deploy."],
    [{ errors: 1 }, "One error blocks the deploy."],
    [{ saveState: "conflict" as const }, "Choose first which version stays."],
    [{ isReadOnly: true, errors: 1 }, "This needs the role editor. Ask an owner of your workspace."],
  ])("is blocked by %j", (change, obstacle) => {
    expect(deployView({ ...FACTS, ...change }).obstacle).toBe(obstacle);
  });
  it("lets warnings pass", () => {
    expect(deployView({ ...FACTS, warnings: 7 }).obstacle).toBe("");
    expect(findingsInWords(0, 2)).toBe("2 warnings");
    expect(findingsInWords(1, 1)).toBe("1 error, 1 warning");
    expect(findingsInWords(0, 0)).toBe("");
  });
});
