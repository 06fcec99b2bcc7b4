import { Alert, Button, Text, Title } from "@mantine/core";
import { IconArrowsSplit } from "@tabler/icons-react";
import { memo } from "react";
import { Panel } from "../../../ui/Panel";
import { firstStageOf, stagesOf } from "../draft/agent";
import { useDraft, useDraftActions, useDraftPart } from "../draft/DraftProvider";
import { PromptEditor } from "../PromptEditor";
import { Dragging } from "./Dragging";
import { splitIntoStages } from "./edits";
import { GreetingCard } from "./GreetingCard";
import { PreloadCard } from "./PreloadCard";
import { StageCard } from "./StageCard";
import classes from "./Stages.module.css";
import { StageWarnings } from "./StageWarnings";
import { ToolList } from "./ToolList";
import { toolsIn } from "./toolPlaces";

/** Everything the agent says and does as cards; tools are dragged between them. */
export const StageBoard = memo(function StageBoard({ focused, onAdd }: { focused: string | undefined; onAdd: () => void }) {
  const { isReadOnly } = useDraftActions();
  const stages = useDraftPart((draft) => stagesOf(draft).map((stage) => stage.name));
  const first = useDraftPart((draft) => firstStageOf(draft)?.name);
  return (
    <Dragging>
      <Title order={2} mb="sm" className={stages.length > 0 ? undefined : "visually-hidden"}>
        {stages.length > 0 ? "In every stage" : "What the agent says and does"}
      </Title>
      {stages.length > 0 ? (
        <div className={classes.three}>
          <Persona />
          <GreetingCard />
          <PreloadCard />
        </div>
      ) : (
        <div className={classes.grid}>
          <div className={classes.column}>
            <Persona />
            <SimpleTools />
          </div>
          <div className={classes.column}>
            <GreetingCard />
            <PreloadCard />
          </div>
        </div>
      )}
      {stages.length > 0 && (
        <>
          <Title order={2} mt="xl" mb="sm">
            Stages
          </Title>
          <div className={classes.grid}>
            {stages.map((name, place) => (
              // Two stages may carry the same name by mistake: the findings tell, and both can be renamed.
              <StageCard
                key={stages.indexOf(name) === place ? name : `${name} ${place}`}
                place={place}
                isFirst={name === first}
                isFocused={name === focused}
              />
            ))}
          </div>
          {!isReadOnly && (
            <Button variant="subtle" mt="md" onClick={onAdd}>
              Add another stage
            </Button>
          )}
        </>
      )}
    </Dragging>
  );
});

/** Rule A3: what stands before the prompt of every stage, or is the whole prompt of an agent without stages. */
function Persona() {
  const { patch } = useDraftActions();
  const isSimple = useDraftPart((draft) => stagesOf(draft).length === 0);
  const prompt = useDraftPart((draft) => draft.system_prompt ?? "");
  return (
    <Panel className={classes.card}>
      <PromptEditor
        label={isSimple ? "Prompt" : "Persona"}
        description={
          isSimple
            ? "Who the agent is, what it knows and what it does."
            : "Who the agent is and what it always knows. It stands before every stage's prompt."
        }
        placeholder="You are Bella, the friendly assistant of Bella Pizza…"
        value={prompt}
        onChange={(system_prompt) => patch({ system_prompt })}
        {...(isSimple ? { generates: "main" } : {})}
      />
    </Panel>
  );
}

function SimpleTools() {
  const { draft, patch, isReadOnly } = useDraft();
  return (
    <Panel className={classes.card}>
      <div>
        <Title order={2}>Tools</Title>
        <Text c="dimmed" size="sm">
          What the agent can do. It may use each of them at any time.
        </Text>
      </div>
      <ToolList place="simple" />
      <StageWarnings place="simple" tools={toolsIn(draft, "simple")} />
      <Alert color="gray" variant="light" icon={<IconArrowsSplit size={18} />} title="More than one thing to do?">
        <Text size="sm" mb="xs">
          With stages the agent does one thing after the other, such as first the order, then the payment, each with its own prompt and
          tools.
        </Text>
        <Button variant="default" disabled={isReadOnly} onClick={() => patch(splitIntoStages(draft))}>
          Split into stages
        </Button>
      </Alert>
    </Panel>
  );
}
