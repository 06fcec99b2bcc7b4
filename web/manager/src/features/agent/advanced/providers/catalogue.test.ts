/** Proves A5: what is not configured is known before a call finds out. */
import { describe, expect, it } from "vitest";
import { defaultModel, isConfigured, platformChoice, providerOptions } from "./catalogue";

const OPENAI = {
  provider: "openai",
  configured: true,
  reachable: true,
  used_by: [],
  kinds: [
    { kind: "llm" as const, configured: true, model: "gpt-5.4-mini" },
    { kind: "tts" as const, configured: false },
  ],
};

describe("providers", () => {
  it("are chosen by the platform in its order, among those with a key", () => {
    expect(platformChoice("llm", [])).toBe("offline");
    expect(platformChoice("llm", [OPENAI])).toBe("openai");
    expect(platformChoice("tts", [OPENAI])).toBe("offline");
  });

  it("without a key are not configured; built-in ones are", () => {
    expect([isConfigured("llm", "groq", [OPENAI]), isConfigured("llm", "offline", []), isConfigured("tts", "espeak", [])]).toEqual([
      false,
      true,
      true,
    ]);
    expect(isConfigured("stt", "deepgram", [{ provider: "deepgram", configured: true, reachable: null, used_by: [] }])).toBe(true);
  });

  it("name their own model", () => {
    expect([defaultModel("llm", "openai", [OPENAI]), defaultModel("llm", null, [OPENAI])]).toEqual(["gpt-5.4-mini", ""]);
  });

  it("hold a choice that the list does not know", () => {
    expect(providerOptions("llm", "own-server").at(-1)).toEqual({ value: "own-server", label: "own-server" });
  });
});
