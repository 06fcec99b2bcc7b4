import { Badge, Box, Group, TextInput, Title } from "@mantine/core";
import { Link, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { Copyable } from "../../ui/Copyable";
import classes from "./AgentHeader.module.css";
import { DeployBar } from "./deploy/DeployBar";
import { useDraft } from "./draft/DraftProvider";
import { SaveStatus } from "./draft/SaveStatus";

const TABS = [
  ["/agents/$agentId/stages", "Stages"],
  ["/agents/$agentId/resources", "Resources"],
  ["/agents/$agentId/conversations", "Conversations"],
  ["/agents/$agentId/voip", "VoIP"],
  ["/agents/$agentId/test", "Test"],
  ["/agents/$agentId/advanced", "Advanced"],
] as const;

/** Name, what is to be deployed, and the tabs. */
export function AgentHeader() {
  const { draft } = useDraft();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const isTool = path.includes(`/agents/${draft.agent_id}/tools/`);
  const tabs = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the active tab changes with the path
  useEffect(() => showActive(tabs.current), [path]);
  return (
    <Box component="header" className={classes.header}>
      <div className={classes.top}>
        <div className={classes.who}>
          <Name />
          <Group gap="xs">
            <Copyable value={draft.agent_id} label="the agent's id" />
            <Badge variant="default" fw={500} tt="none">
              {draft.channel === "chat" ? "Chat and e-mail" : "Voice"}
            </Badge>
          </Group>
        </div>
        <DeployBar />
      </div>
      <div className={classes.bottom}>
        <nav ref={tabs} aria-label="Agent" className={classes.tabs}>
          {TABS.map(([to, label]) => (
            <Link
              key={to}
              to={to}
              params={{ agentId: draft.agent_id }}
              className={classes.tab}
              activeProps={{ "data-active": true }}
              {...(isTool && label === "Stages" ? { "data-active": true } : {})}
            >
              {label}
            </Link>
          ))}
        </nav>
        <SaveStatus />
      </div>
    </Box>
  );
}

/** On a phone the tabs scroll: the open one stands in the middle. The page itself stays where it is. */
function showActive(tabs: HTMLElement | null) {
  const active = tabs?.querySelector("[data-active]");
  if (!tabs || !active) return;
  const [outer, inner] = [tabs.getBoundingClientRect(), active.getBoundingClientRect()];
  tabs.scrollLeft += inner.left + inner.width / 2 - (outer.left + outer.width / 2);
}

/** The agent's name, edited in place; an empty one is not taken. */
function Name() {
  const { draft, patch, isReadOnly } = useDraft();
  const [typed, setTyped] = useState(draft.display_name);
  useEffect(() => setTyped(draft.display_name), [draft.display_name]);
  return (
    <>
      <Title order={1} className="visually-hidden">
        {draft.display_name}
      </Title>
      <TextInput
        variant="unstyled"
        aria-label="Name of the agent"
        classNames={{ input: classes.name }}
        value={typed}
        readOnly={isReadOnly}
        maxLength={200}
        error={typed.trim() ? undefined : "An agent needs a name"}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          if (event.currentTarget.value.trim()) patch({ display_name: event.currentTarget.value });
        }}
        onBlur={() => setTyped(draft.display_name)}
        onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
      />
    </>
  );
}
