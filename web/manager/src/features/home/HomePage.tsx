import { Button, Stack, Text, TextInput, Title, UnstyledButton } from "@mantine/core";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import { withStyles } from "../../app/lazyStyles";
import { ErrorState } from "../../ui/ErrorState";
import { Loading } from "../../ui/Loading";
import { Page } from "../../ui/Page";
import { RoleGate, useMay } from "../../ui/RoleGate";
import { AgentCard } from "./AgentCard";
import { Checklist } from "./Checklist";
import classes from "./Home.module.css";
import { MoreAgents } from "./MoreAgents";
import { TEMPLATES, type TemplateId } from "./templates";
import { useDismissed } from "./useDismissed";
import { useHome, useReach } from "./useHome";

const NewAssistant = lazy(withStyles(() => import("./NewAssistant")));

/** From so many agents on, a field narrows them. */
const SEARCH_FROM = 9;

/** Every agent as a card, and the way to a new one. */
export function HomePage() {
  const { new: isNew } = useSearch({ from: "/shell/" });
  const navigate = useNavigate();
  const mayEdit = useMay("editor");
  const [query, setQuery] = useState("");
  const { agents, found, ordered, shown, stats, statsOf } = useHome(query);
  const reach = useReach();
  const [isHidden, hideSteps] = useDismissed();
  const hasSteps = mayEdit && !isHidden;
  // The steps stand above the cards: they come together, so that no card moves away from under a pointer.
  const isReady = agents.data !== undefined && !(hasSteps && (reach === undefined || stats.isPending));
  const [template, setTemplate] = useState<TemplateId>("salesperson");
  const takenIds = useMemo(() => new Set([...statsOf.keys(), ...ordered.map((agent) => agent.agent_id)]), [statsOf, ordered]);
  const open = (chosen: TemplateId = "salesperson") => {
    setTemplate(chosen);
    void navigate({ to: "/", search: { new: true } });
  };

  return (
    <Page
      title="Agents"
      actions={
        <RoleGate needs="editor">
          {(isAllowed) => (
            <Button leftSection={<IconPlus size={16} />} disabled={!isAllowed} onClick={() => open()}>
              New assistant
            </Button>
          )}
        </RoleGate>
      }
    >
      {agents.error && <ErrorState error={agents.error} what="The agents" onRetry={agents.refetch} />}
      {!isReady && !agents.error && <Loading lines={3} />}
      {isReady && (
        <>
          {hasSteps && reach && (
            <Checklist agents={ordered} stats={stats.data?.stats ?? []} reach={reach} onNew={() => open()} onHide={hideSteps} />
          )}
          {ordered.length === 0 && <FirstAgent isAllowed={mayEdit} onChoose={open} />}
          {ordered.length >= SEARCH_FROM && (
            <TextInput
              aria-label="Search agents"
              placeholder="Name, id or number"
              leftSection={<IconSearch size={16} />}
              maw={320}
              mb="md"
              value={query}
              onChange={(event) => setQuery(event.currentTarget.value)}
            />
          )}
          <ul className={classes.cards}>
            {shown.map((agent) => (
              <AgentCard key={agent.agent_id} agent={agent} stats={statsOf.get(agent.agent_id)} takenIds={takenIds} />
            ))}
          </ul>
          {ordered.length > 0 && shown.length === 0 && !found.isFetching && <Text c="dimmed">No agent is called “{query}”.</Text>}
          {found.hasNextPage && <MoreAgents isLoading={found.isFetchingNextPage} onMore={() => void found.fetchNextPage()} />}
        </>
      )}
      {isNew && mayEdit && agents.data && (
        <Suspense fallback={null}>
          <NewAssistant template={template} takenIds={takenIds} onClose={() => void navigate({ to: "/", replace: true })} />
        </Suspense>
      )}
    </Page>
  );
}

/** A tenant without agents: what an agent is, and three ways to begin. */
function FirstAgent({ isAllowed, onChoose }: { isAllowed: boolean; onChoose: (template: TemplateId) => void }) {
  return (
    <Stack gap="md">
      <div>
        <Title order={2}>Begin with a template</Title>
        <Text c="dimmed" maw={640}>
          An agent answers calls or chats in stages. A template talks at once and can be changed in every part; nothing reaches a caller
          before you deploy it.
        </Text>
      </div>
      <ul className={classes.cards}>
        {TEMPLATES.map((template) => (
          <li key={template.id}>
            <UnstyledButton className={classes.template} w="100%" disabled={!isAllowed} onClick={() => onChoose(template.id)}>
              <template.icon size={20} stroke={1.75} aria-hidden />
              <Text fw={550}>{template.title}</Text>
              <Text size="sm" c="dimmed">
                {template.arrivesWith}
              </Text>
            </UnstyledButton>
          </li>
        ))}
      </ul>
      {!isAllowed && <Text c="dimmed">You may look; ask an owner for the role editor to make agents.</Text>}
    </Stack>
  );
}
