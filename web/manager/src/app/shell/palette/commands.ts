/** Everything the command palette reaches, made from what the API says. Pure. */
import type { Schemas } from "../../../api/api";
import type { Role } from "../../../api/me";
import { phone } from "../../../ui/format";
import type { Searchable } from "./search";

export type Action = { kind: "go"; href: string } | { kind: "theme"; scheme: "light" | "dark" | "auto" } | { kind: "sign-out" };

export interface Command extends Searchable {
  id: string;
  group: "Actions" | "Pages" | "Agents" | "Settings" | "Numbers" | "Calls";
  /** At the right: an id, a time, a state. */
  hint?: string;
  action: Action;
}

export interface Known {
  role: Role;
  agents: Schemas["AgentView"][];
  numbers: Schemas["NumberReply"][];
  calls: Schemas["CallRecord"][];
  /** "3 minutes ago". */
  ago: (iso: string) => string;
}

const TABS = ["Stages", "Resources", "Conversations", "VoIP", "Test", "Advanced", "Deployments"];
const PAGES: [string, string, string][] = [
  ["Agents", "/", "home assistants start"],
  ["Calls", "/calls", "history log transcripts recordings"],
  ["Live calls", "/live", "running now monitor"],
  ["Voicemail", "/voicemails", "messages mailbox"],
  ["Numbers", "/numbers", "phone did twilio telnyx route"],
  ["Blocked numbers", "/blocked", "spam block"],
  ["Embed", "/embed", "website widget token snippet"],
  ["Integrations", "/integrations", "mail calendar whatsapp connect"],
];
const SETTINGS: [string, string, string][] = [
  ["Profile", "profile", "me password theme"],
  ["Users and roles", "users", "people roles invite team"],
  ["API keys", "api-keys", "token secret"],
  ["Plan and usage", "plan", "billing minutes limits"],
  ["Carriers", "carriers", "twilio telnyx credentials"],
  ["AI providers", "providers", "models openai llm stt tts keys"],
  ["Webhook keys", "webhooks", "signature secret"],
];

const go = (href: string): Action => ({ kind: "go", href });

function agentPath(id: string, tab: string): string {
  return `/agents/${encodeURIComponent(id)}/${tab.toLowerCase()}`;
}

function actions({ role, agents }: Known): Command[] {
  const edits: Command[] =
    role === "viewer"
      ? []
      : [
          { id: "new", label: "New assistant", keywords: "create agent add", group: "Actions", action: go("/?new=true") },
          ...agents
            .filter((agent) => agent.has_undeployed_changes)
            .map(
              (agent): Command => ({
                id: `deploy-${agent.agent_id}`,
                label: `Deploy ${agent.display_name}`,
                keywords: `${agent.agent_id} publish go live`,
                hint: agent.deployed ? "changed" : "never deployed",
                group: "Actions",
                action: go(`${agentPath(agent.agent_id, "stages")}#deploy`),
              }),
            ),
          { id: "block", label: "Block a number", keywords: "spam", group: "Actions", action: go("/blocked") },
        ];
  const looks: Command[] = (["light", "dark", "auto"] as const).map((scheme) => ({
    id: `theme-${scheme}`,
    label: scheme === "auto" ? "Use the system's theme" : `Use the ${scheme} theme`,
    keywords: "appearance colour mode",
    group: "Actions",
    action: { kind: "theme", scheme },
  }));
  return [
    ...edits,
    ...looks,
    { id: "sign-out", label: "Sign out", keywords: "log out leave", group: "Actions", action: { kind: "sign-out" } },
  ];
}

function ofAgent(agent: Schemas["AgentView"]): Command[] {
  return TABS.map((tab) => ({
    id: `agent-${agent.agent_id}-${tab}`,
    label: tab === "Stages" ? agent.display_name : `${agent.display_name} · ${tab}`,
    keywords: tab === "Stages" ? `${agent.company} ${agent.agent_id} stages` : `${agent.agent_id} ${agent.company}`,
    hint: tab === "Stages" ? agent.agent_id : undefined,
    isDeep: tab !== "Stages",
    group: "Agents",
    action: go(agentPath(agent.agent_id, tab)),
  }));
}

/** What of a query can be an agent: "bella test" looks for Bella. All of it when it names nothing but a tab. */
export function agentWords(query: string): string {
  const words = query.trim().split(/\s+/);
  const isPlace = (word: string) => ["Deploy", ...TABS].some((tab) => tab.toLowerCase().startsWith(word.toLowerCase()));
  const kept = words.filter((word) => !isPlace(word));
  return (kept.length ? kept : words).join(" ");
}

/** In the order in which they are shown without a query. */
export function commandsOf(known: Known): Command[] {
  const agents = known.agents.flatMap(ofAgent);
  const settings = known.role === "owner" ? SETTINGS : SETTINGS.filter(([, section]) => ["profile", "plan"].includes(section));
  return [
    ...agents.filter((command) => !command.isDeep),
    ...PAGES.map(([label, href, keywords]): Command => ({ id: href, label, keywords, group: "Pages", action: go(href) })),
    ...(known.role === "owner"
      ? [{ id: "/audit", label: "Audit", keywords: "log history who changed", group: "Pages", action: go("/audit") } as const]
      : []),
    ...actions(known),
    ...settings.map(
      ([label, section, keywords]): Command => ({
        id: `settings-${section}`,
        label,
        keywords: `settings ${keywords}`,
        group: "Settings",
        action: go(`/settings/${section}`),
      }),
    ),
    ...agents.filter((command) => command.isDeep),
    ...known.numbers.map(
      (number): Command => ({
        id: `number-${number.id}`,
        label: phone(number.number),
        keywords: `${number.number} number ${number.routeTarget ?? ""}`,
        hint: number.routeTarget ?? number.inboundRoute,
        group: "Numbers",
        action: go(`/numbers?number=${encodeURIComponent(number.id)}`),
      }),
    ),
    ...known.calls.map(
      (call): Command => ({
        id: `call-${call.call_id}`,
        label: `Call ${call.caller_phone ? phone(call.caller_phone) : (call.channel ?? "")} → ${call.agent_id ?? "no agent"}`,
        keywords: `${call.call_id} ${call.carrier_call_id ?? ""} ${call.caller_phone ?? ""}`,
        hint: known.ago(call.started_at),
        group: "Calls",
        action: go(`/calls/${encodeURIComponent(call.call_id)}`),
      }),
    ),
  ];
}

/** What a text leads to that nothing known matches by itself: the call with that id, the calls that contain it. */
export function commandsForText(query: string): Command[] {
  const text = query.trim();
  if (text.length < 3) return [];
  const search: Command = {
    id: "search-calls",
    label: `Search calls for “${text}”`,
    group: "Calls",
    action: go(`/calls?q=${encodeURIComponent(text)}`),
  };
  if (!/^[\w-]{12,64}$/.test(text) || !/\d/.test(text)) return [search];
  return [{ id: "open-call", label: `Open call ${text}`, group: "Calls", action: go(`/calls/${text}`) }, search];
}
