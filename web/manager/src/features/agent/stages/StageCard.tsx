import { Badge, Group, Title } from "@mantine/core";
import { memo, useEffect, useRef } from "react";
import { Panel } from "../../../ui/Panel";
import { type Stage, stagesOf } from "../draft/agent";
import { useDraftActions, useDraftPart } from "../draft/DraftProvider";
import { PromptEditor } from "../PromptEditor";
import { changedStage } from "./edits";
import { StageMenu } from "./StageMenu";
import { StageName } from "./StageName";
import classes from "./Stages.module.css";
import { StageWarnings } from "./StageWarnings";
import { ToolList } from "./ToolList";
import { Transitions } from "./Transitions";
import { stagePlace } from "./toolPlaces";

interface StageCardProps {
  /** Its place among the stages. */
  place: number;
  isFirst: boolean;
  isFocused: boolean;
}

/** One stage: its name, prompt, tools and where it leads (rules S1, S2). Renders only when this stage changes. */
export const StageCard = memo(function StageCard({ place, isFirst, isFocused }: StageCardProps) {
  const stage = useDraftPart((draft): Stage | undefined => stagesOf(draft)[place]);
  const { patch, draftNow } = useDraftActions();
  const card = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isFocused) return;
    card.current?.scrollIntoView({ block: "start" });
    card.current?.focus({ preventScroll: true });
  }, [isFocused]);
  if (!stage) return null;

  return (
    <Panel component="section" ref={card} tabIndex={-1} className={classes.card} aria-label={`Stage ${stage.name}`}>
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <StageName name={stage.name} />
        <Group gap="xs" wrap="nowrap">
          {isFirst && (
            <Badge variant="light" tt="none" fw={500} style={{ flexShrink: 0 }}>
              Begins here
            </Badge>
          )}
          <StageMenu name={stage.name} isFirst={isFirst} />
        </Group>
      </Group>
      <PromptEditor
        label={`Prompt of ${stage.name}`}
        isLabelHidden
        placeholder="What the agent does in this stage, and when it is done."
        value={stage.prompt}
        onChange={(prompt) => patch(changedStage(draftNow(), stage.name, { prompt }))}
        generates={stage.name}
      />
      <div>
        <Title order={3} mb={4}>
          Tools
        </Title>
        <ToolList place={stagePlace(stage.name)} />
      </div>
      <StageWarnings place={stagePlace(stage.name)} tools={stage.tools} />
      <Transitions name={stage.name} tools={stage.tools} transitions={stage.transitions} />
    </Panel>
  );
});
