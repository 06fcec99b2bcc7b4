import { Button, Group, Stack, Text } from "@mantine/core";
import { IconAlertCircle, IconAlertTriangle } from "@tabler/icons-react";
import { memo } from "react";
import { $api, type Schemas } from "../../../api/api";
import { Hint } from "../deploy/Hint";
import { isSame } from "../draft/agent";
import { useDraftActions, useDraftPart } from "../draft/DraftProvider";
import { cannotEnd } from "./edits";
import { END_CALL } from "./standardTools";
import { addedTo, type PlaceId, stagePlace } from "./toolPlaces";

/** What the deploy checks say of a stage (rules S4, S5), where it stands; a missing end_call is repaired with one click. */
export const StageWarnings = memo(function StageWarnings({ place, tools }: { place: PlaceId; tools: readonly string[] }) {
  const { draftNow, patch, isReadOnly } = useDraftActions();
  const agentId = useDraftPart((draft) => draft.agent_id);
  const { data } = $api.useQuery("get", "/v1/agents/{agent_id}/findings", { params: { path: { agent_id: agentId } } });
  // A missing end_call is seen here at once; what the server says of it may be a moment old.
  const findings = (data?.findings ?? []).filter((finding) => finding.code !== "missing_end_call" && isOf(finding, place, tools));
  const isEndless = useDraftPart((draft) => place !== "preload" && cannotEnd(draft, tools));
  if (!isEndless && findings.length === 0) return null;
  return (
    <Stack gap="xs">
      {isEndless && (
        <Group gap="xs" justify="space-between">
          <Line isError={false}>The agent cannot hang up here: there is no end_call.</Line>
          {!isReadOnly && (
            <Button variant="default" size="compact-sm" onClick={() => patch(addedTo(draftNow(), place, END_CALL))}>
              Add end_call
            </Button>
          )}
        </Group>
      )}
      {findings.map((finding) => (
        <Line key={`${finding.code} ${finding.tool} ${finding.message}`} isError={finding.severity === "error"} hint={finding.hint}>
          {finding.message}
        </Line>
      ))}
    </Stack>
  );
}, isSame);

function isOf(finding: Schemas["FindingReply"], place: PlaceId, tools: readonly string[]): boolean {
  if (finding.stage !== null) return place === stagePlace(finding.stage);
  return place === "preload" && finding.tool !== null && tools.includes(finding.tool);
}

function Line({ isError, hint, children }: { isError: boolean; hint?: string; children: string }) {
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start">
      {isError ? (
        <IconAlertCircle size={16} color="var(--mantine-color-error)" style={{ flexShrink: 0, marginTop: 2 }} aria-label="Error" />
      ) : (
        <IconAlertTriangle size={16} color="var(--callstage-warn-ink)" style={{ flexShrink: 0, marginTop: 2 }} aria-label="Warning" />
      )}
      <div>
        <Text size="sm">{children}</Text>
        {hint && <Hint text={hint} />}
      </div>
    </Group>
  );
}
