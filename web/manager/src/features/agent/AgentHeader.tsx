import { Badge, Box, Group, TextInput, Title } from "@mantine/core";
import { Link, useRouterState } from "@tanstack/react-router";
import { useEffect, useState } from "react";
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
  const isTool = useRouterState({ select: (state) => state.location.pathname.includes(`/agents/${draft.agent_id}/tools/`) });
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
        <nav aria-label="Agent" className={classes.tabs}>
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
