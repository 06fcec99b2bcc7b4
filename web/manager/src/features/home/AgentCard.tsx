import { IconMessage2, IconPhone } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/api";
import { count, duration, phone } from "../../ui/format";
import { RelativeTime } from "../../ui/RelativeTime";
import { AgentMenu } from "./AgentMenu";
import classes from "./Home.module.css";

interface AgentCardProps {
  agent: Schemas["AgentView"];
  stats: Schemas["AgentStats"] | undefined;
  takenIds: ReadonlySet<string>;
}

/** One agent: what it is, how it is reached, how it does. */
export function AgentCard({ agent, stats, takenIds }: AgentCardProps) {
  const isChat = agent.channel === "chat";
  return (
    <li className={classes.card}>
      <div className={classes.head}>
        <span className={classes.face} data-channel={agent.channel} aria-hidden>
          {isChat ? <IconMessage2 size={20} stroke={1.75} /> : <IconPhone size={20} stroke={1.75} />}
        </span>
        <div style={{ minWidth: 0, flex: 1 }}>
          <h2 className={classes.name}>
            <Link to="/agents/$agentId/stages" params={{ agentId: agent.agent_id }}>
              {agent.display_name}
            </Link>
          </h2>
          <Reached agent={agent} numbers={stats?.numbers ?? []} />
        </div>
        <div className={classes.above}>
          <AgentMenu agent={agent} numbers={stats?.numbers ?? []} takenIds={takenIds} />
        </div>
      </div>
      <dl className={classes.figures}>
        <Figure label="Calls today">{stats ? count(stats.calls_today) : "–"}</Figure>
        <Figure label="Response p95">{stats?.p95_response_ms ? duration(stats.p95_response_ms) : "–"}</Figure>
        <Figure label="Running" isLive={Boolean(stats?.active_calls)}>
          {stats ? count(stats.active_calls) : "–"}
        </Figure>
      </dl>
      <div className={classes.foot}>
        <DeployState agent={agent} />
        <span className={classes.above}>
          Edited <RelativeTime at={agent.updated_at} />
        </span>
      </div>
    </li>
  );
}

function Reached({ agent, numbers }: { agent: Schemas["AgentView"]; numbers: string[] }) {
  const channel = agent.channel === "chat" ? "Chat" : "Voice";
  return (
    <div style={{ color: "var(--mantine-color-dimmed)", fontSize: "0.8125rem", fontVariantNumeric: "tabular-nums" }}>
      {channel}
      {numbers.length > 0 && ` · ${numbers.map(phone).join(", ")}`}
    </div>
  );
}

function Figure({ label, isLive, children }: { label: string; isLive?: boolean; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd data-live={isLive || undefined}>{children}</dd>
    </div>
  );
}

/** What callers get compared with what is edited. */
export function DeployState({ agent }: { agent: Pick<Schemas["AgentView"], "deployed" | "deployment" | "has_undeployed_changes"> }) {
  const [state, words] = !agent.deployed
    ? ["draft", "Not deployed"]
    : agent.has_undeployed_changes
      ? ["changed", `Deployment ${agent.deployment}, draft differs`]
      : ["deployed", `Deployment ${agent.deployment} is live`];
  return (
    <span className={classes.state} data-state={state}>
      {words}
    </span>
  );
}
