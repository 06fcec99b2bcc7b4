// Proves E2: what a page's owner can write on the element.
import { describe, expect, it } from "vitest";
import { modeOf, readConfig } from "./config";

const SCRIPT = "https://voice.example.com/callstage_embed.js?v=1";

function root(attributes: Record<string, string>): HTMLElement {
  const element = document.createElement("div");
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

describe("readConfig", () => {
  it("needs a token and knows the rest", () => {
    expect(readConfig(root({ "data-embed-token": " emb_1 " }), SCRIPT)).toEqual({
      token: "emb_1",
      api: "https://voice.example.com",
      scriptUrl: SCRIPT,
      mode: "both",
      position: "bottom-right",
      theme: "auto",
      language: "",
      identityUrl: "",
      identity: null,
    });
    expect(readConfig(root({}), SCRIPT)).toBeNull();
    expect(readConfig(root({ "data-embed-token": "emb_1" }), "")).toBeNull();
  });

  it("reads what is written and passes over what makes no sense", () => {
    const config = readConfig(
      root({
        "data-embed-token": "emb_1",
        "data-api": "http://127.0.0.1:8081/x",
        "data-mode": "Chat",
        "data-position": "middle",
        "data-theme": "dark",
        "data-language": "de-CH",
        "data-user-email": "a@b.c",
        "data-user-hash": "h",
        "data-user-ts": "1746700800",
      }),
      SCRIPT,
    );
    expect(config).toMatchObject({
      api: "http://127.0.0.1:8081",
      mode: "chat",
      position: "bottom-right",
      theme: "dark",
      language: "de-CH",
    });
    expect(config?.identity).toEqual({ user_email: "a@b.c", user_hash: "h", user_ts: "1746700800" });
    expect(readConfig(root({ "data-embed-token": "emb_1", "data-user-email": "a@b.c" }), SCRIPT)?.identity).toBeNull();
  });
});

it.each([
  ["both", ["voice", "chat"], "both"],
  ["voice", ["voice", "chat"], "voice"],
  ["chat", ["voice", "chat"], "chat"],
  ["both", ["chat"], "chat"],
  ["voice", ["chat"], "chat"],
  ["both", [], null],
] as const)("%s of %j is %s", (wanted, offered, mode) => expect(modeOf(wanted, offered)).toBe(mode));
