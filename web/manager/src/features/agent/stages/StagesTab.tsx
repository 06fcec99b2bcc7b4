import { Box, Button, Group } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { IconLayoutCards, IconPlus, IconRoute } from "@tabler/icons-react";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useCallback } from "react";
import { Loading } from "../../../ui/Loading";
import { stagesOf } from "../draft/agent";
import { useDraft, useDraftActions } from "../draft/DraftProvider";
import { addedStage } from "./edits";
import { StageBoard } from "./StageBoard";
import classes from "./Stages.module.css";

const StageGraph = lazy(() => import("./StageGraph"));

/** What the agent says and does: as cards to edit, or as a graph of what leads where (rules UI2, S1, S2). */
export function StagesTab() {
  const { draft } = useDraft();
  const { draftNow, patch, isReadOnly } = useDraftActions();
  const { view, stage } = useSearch({ from: "/shell/agents/$agentId/stages" });
  const navigate = useNavigate({ from: "/agents/$agentId/stages" });
  useDocumentTitle(`${draft.display_name}: Stages · Callstage`);
  const hasStages = stagesOf(draft).length > 0;
  const params = { agentId: draft.agent_id };

  const add = useCallback(() => {
    const added = addedStage(draftNow());
    patch(added.patch);
    void navigate({ search: { stage: added.name }, resetScroll: false });
  }, [draftNow, patch, navigate]);

  return (
    <Box p={{ base: "md", sm: "xl" }} maw={1440}>
      {hasStages && (
        <Group justify="space-between" mb="lg" gap="sm">
          <nav aria-label="View of the stages" className={classes.switch}>
            <Link to="/agents/$agentId/stages" params={params} search={{}} className={classes.view} data-active={view ? undefined : true}>
              <IconLayoutCards size={16} /> Cards
            </Link>
            <Link
              to="/agents/$agentId/stages"
              params={params}
              search={{ view: "graph" }}
              className={classes.view}
              data-active={view ? true : undefined}
            >
              <IconRoute size={16} /> Graph
            </Link>
          </nav>
          {!isReadOnly && (
            <Button variant="default" leftSection={<IconPlus size={16} />} onClick={add}>
              Add stage
            </Button>
          )}
        </Group>
      )}
      {view === "graph" && hasStages ? (
        <Suspense fallback={<Loading lines={6} />}>
          <StageGraph draft={draft} onOpen={(name) => void navigate({ search: { stage: name } })} />
        </Suspense>
      ) : (
        <StageBoard focused={stage} onAdd={add} />
      )}
    </Box>
  );
}
