/** Proves D4: what a test conversation is doing, in words for those who speak and those who write. */
import { expect, it } from "vitest";
import { activityInWords, stateInWords } from "./inWords";

it("tells speaking from writing, and that nobody is heard", () => {
  const words = (mode: "voice" | "chat", isMuted = false) =>
    (["listening", "thinking", "speaking"] as const).map((activity) => activityInWords(activity, mode, isMuted));
  expect(words("voice")).toEqual(["Listening", "Thinking", "Speaking"]);
  expect(words("chat")).toEqual(["Waiting for you", "Thinking", "Writing"]);
  expect(words("voice", true)).toEqual(["You are muted", "Thinking", "Speaking"]);
});

it("says how a conversation ended", () => {
  const ended = (closing: "ended" | "unauthorised" | "lost", reason = "") => stateInWords({ state: "closed", ended: { closing, reason } });
  expect([ended("ended"), ended("unauthorised"), ended("lost"), ended("lost", "idle")]).toEqual([
    "The conversation is over.",
    "The test session has expired. Start another one.",
    "The connection was lost.",
    "The conversation ended: idle.",
  ]);
  expect(stateInWords({ state: "reconnecting", ended: null })).toBe("Connection lost, coming back");
});
