/** For component tests: control-api's part of the agent editor, with one agent behind it. */
import { HttpResponse, http, type RequestHandler } from "msw";
import type { Schemas } from "../../api/api";
import { exampleMe } from "../../ui/fakeApi";
import { type Agent, type AgentPatch, withPatch } from "./draft/agent";
import { exampleAgent } from "./draft/exampleAgent";

export class FakeAgentServer {
  agent: Agent = exampleAgent({ deployed: true, deployment: 12, deployed_at: "2026-01-01T00:00:00Z" });
  findings: Schemas["FindingReply"][] = [];
  changes: Schemas["Change"][] = [{ path: "settings.greeting", before: "Hi", after: "Hello" }];
  numbers: Schemas["NumberReply"][] = [];
  role: "viewer" | "editor" | "owner" = "editor";
  /** Who made the last change. */
  author: Schemas["LastChange"] = { at: "2026-01-01T00:00:00Z", kind: "user", id: "v", name: "Ben" };
  deploys = 0;
  /** Answer of the next deploy, when it is not to succeed. */
  refusal: { status: number; body: Record<string, unknown> } | null = null;

  /** As somebody else would. */
  change(patch: AgentPatch): void {
    this.agent = { ...withPatch(this.agent, patch), version: this.agent.version + 1, has_undeployed_changes: true };
  }

  handlers(): RequestHandler[] {
    return [
      http.get("*/v1/me", () => HttpResponse.json(exampleMe(this.role))),
      http.get("*/v1/agents/:id/last-change", () => HttpResponse.json(this.author)),
      http.get("*/v1/agents/:id/findings", () => HttpResponse.json({ findings: this.findings, effects: [] })),
      http.get("*/v1/agents/:id/diff", () =>
        HttpResponse.json({
          deployment: this.agent.deployment,
          deployed_at: this.agent.deployed_at,
          version: this.agent.version,
          changes: this.changes,
        }),
      ),
      http.get("*/v1/agents/:id/tests", () => HttpResponse.json({ tests: [] })),
      http.get("*/v1/numbers", () => HttpResponse.json({ numbers: this.numbers, next_cursor: null })),
      http.get("*/v1/carriers", () =>
        HttpResponse.json({
          twilio: null,
          telnyx: null,
          webhooks: { twilio_voice_url: "https://x/twilio", telnyx_webhook_url: "https://x/telnyx" },
        }),
      ),
      http.get("*/v1/agents/:id", () => HttpResponse.json({ agent: this.agent })),
      http.patch("*/v1/agents/:id", async ({ request }) => {
        if (request.headers.get("if-match") !== `"${this.agent.version}"`)
          return HttpResponse.json({ status: 412, code: "precondition_failed", detail: "changed by somebody else" }, { status: 412 });
        this.change((await request.json()) as AgentPatch);
        return HttpResponse.json({ agent: this.agent });
      }),
      http.post("*/v1/agents/:id/deploy", () => {
        if (this.refusal) return HttpResponse.json(this.refusal.body, { status: this.refusal.status });
        this.deploys += 1;
        this.agent = { ...this.agent, deployed: true, deployment: 13, deployed_at: "2026-01-02T00:00:00Z", has_undeployed_changes: false };
        this.changes = [];
        return HttpResponse.json({ deployment: 13, deployed_at: "2026-01-02T00:00:00Z", findings: [], effects: [] });
      }),
      http.post("*/v1/agents/:id/stages/generate", () =>
        HttpResponse.json({ status: 409, code: "no_language_model", detail: "No language model can write this." }, { status: 409 }),
      ),
    ];
  }
}

export function exampleNumber(changes: Partial<Schemas["NumberReply"]> = {}): Schemas["NumberReply"] {
  return {
    id: "n1",
    number: "+12025550100",
    inboundRoute: "ai_agent",
    routeTarget: "pizzeria",
    aiTransferType: null,
    aiTransferTarget: null,
    fallback: null,
    live: true,
    created_at: "2026-01-01T00:00:00Z",
    ...changes,
  };
}
