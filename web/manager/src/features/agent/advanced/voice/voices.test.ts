/** Proves A5: voices are offered by provider, in the agent's language. */
import { describe, expect, it } from "vitest";
import { voiceGroups, voiceKey, voiceOf } from "./voices";

const VOICES = [
  { provider: "offline", voice: "en-us", name: "English (America)", language: "en-us", gender: "neutral" as const },
  { provider: "offline", voice: "de", name: "German", language: "de", gender: "male" as const },
  { provider: "openai", voice: "nova", name: "nova", language: "multi", gender: "female" as const },
];

describe("voices", () => {
  it("are those of the language and those of all", () => {
    expect(voiceGroups(VOICES, "en-GB").map((group) => [group.group, group.items.map((item) => item.label)])).toEqual([
      ["Built in, offline", ["English (America) · American English"]],
      ["OpenAI", ["nova · female, any language"]],
    ]);
    expect(voiceGroups(VOICES, "de")[0]?.items).toEqual([{ value: voiceKey("offline", "de"), label: "German · male" }]);
  });

  it("come back from their key, whatever their name has in it", () => {
    expect(voiceOf(voiceKey("eleven", "a:b c/d"))).toEqual({ provider: "eleven", voice: "a:b c/d" });
  });
});
