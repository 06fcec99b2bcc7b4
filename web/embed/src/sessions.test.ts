// Proves E3 E4 E5: the exchange, what it is given, and what its refusals mean to the page.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Config } from "./config";
import { Keep } from "./keep";
import { NoSession, Sessions } from "./sessions";

const CONFIG: Config = {
  token: "emb_1",
  api: "https://voice.example.com",
  scriptUrl: "",
  mode: "both",
  position: "bottom-right",
  theme: "auto",
  language: "",
  identityUrl: "",
  identity: null,
};
const REPLY = {
  session_token: "s.1",
  expires_in: 3600,
  ws_url: "wss://v/ws/voice",
  agent_name: "Ada",
  language: "en",
  modes: ["voice", "chat"],
};

let now = 0;
let identities = 0;
let status = 200;
let requests: { url: string; body: unknown; authorization: string | undefined; credentials: RequestCredentials | undefined }[] = [];

function sessions(changes: Partial<Config> = {}): Sessions {
  return new Sessions({ ...CONFIG, ...changes }, new Keep("emb_1", () => now), () => now);
}

beforeEach(() => {
  sessionStorage.clear();
  [now, identities, status, requests] = [1e12, 0, 200, []];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit = {}) => {
    const headers = init.headers as Record<string, string> | undefined;
    requests.push({
      url,
      body: init.body ? JSON.parse(String(init.body)) : null,
      authorization: headers?.authorization,
      credentials: init.credentials,
    });
    if (url === "/who") {
      identities += 1;
      return new Response(JSON.stringify({ user_email: "ada@example.com", user_hash: `h${identities}`, user_ts: identities }));
    }
    if (url === "/nobody") return new Response("{}", { status: 200 });
    return new Response(JSON.stringify(REPLY), { status, headers: { "retry-after": "7" } });
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const exchanges = () => requests.filter((request) => request.url.endsWith("/api/embed/session"));

describe("sessions", () => {
  it("are exchanged for the token and kept in the tab", async () => {
    const first = await sessions().current();
    expect(first).toMatchObject({ sessionToken: "s.1", wsUrl: "wss://v/ws/voice", agentName: "Ada", expiresAt: 1e12 + 3_600_000 });
    expect(exchanges()).toEqual([
      { url: "https://voice.example.com/api/embed/session", body: {}, authorization: "Bearer emb_1", credentials: "omit" },
    ]);
    // Another page of the site, in the same tab.
    expect(await sessions().current()).toEqual(first);
    expect(exchanges().length).toBe(1);
    now += 3_560_000;
    await sessions().current();
    expect(exchanges().length).toBe(2);
  });

  it("carry what the page vouches for, fresh for every exchange", async () => {
    const known = sessions({ identityUrl: "/who" });
    await known.current();
    expect(requests[0]).toMatchObject({ url: "/who", credentials: "include" });
    expect([identities, exchanges()[0]?.body]).toEqual([1, { user_email: "ada@example.com", user_hash: "h1", user_ts: 1 }]);
    await known.current();
    expect(identities).toBe(1);
    known.forget();
    await known.current();
    expect([identities, exchanges()[1]?.body]).toEqual([2, { user_email: "ada@example.com", user_hash: "h2", user_ts: 2 }]);
  });

  it("are not those of the visitor before", async () => {
    await sessions({ identityUrl: "/who" }).current();
    await sessions({ identityUrl: "/nobody" }).current();
    expect(exchanges().map((request) => request.body)).toEqual([expect.objectContaining({ user_email: "ada@example.com" }), {}]);
  });

  it("take what is written on the element", async () => {
    const identity = { user_email: "a@b.c", user_hash: "h", user_ts: "5" };
    await sessions({ identity }).current();
    expect(exchanges()[0]?.body).toEqual(identity);
  });

  it.each([
    [403, "refused", 0],
    [401, "refused", 0],
    [404, "refused", 0],
    [429, "later", 7000],
    [503, "later", 7000],
  ] as const)("%i is %s", async (code, outcome, retryMs) => {
    status = code;
    await expect(sessions().current()).rejects.toEqual(expect.objectContaining({ outcome, retryMs }));
  });

  it("wait for the network", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("offline")));
    await expect(sessions({ identityUrl: "/who" }).current()).rejects.toBeInstanceOf(NoSession);
  });
});
