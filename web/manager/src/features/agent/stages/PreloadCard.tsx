import { List, Text, Title } from "@mantine/core";
import { Panel } from "../../../ui/Panel";
import { useDraftPart } from "../draft/DraftProvider";
import classes from "./Stages.module.css";
import { StageWarnings } from "./StageWarnings";
import { ToolList } from "./ToolList";
import { toolsIn } from "./toolPlaces";

/** Tools that run while the greeting is spoken, and their rules (rules P1 to P4, P6). */
export function PreloadCard() {
  const tools = useDraftPart((draft) => toolsIn(draft, "preload"));
  return (
    <Panel className={classes.card} component="section" aria-label="Preload">
      <div>
        <Title order={3}>Preload</Title>
        <Text size="sm" c="dimmed">
          Tools that run by themselves while the greeting is spoken, so that the agent knows more with its first answer.
        </Text>
      </div>
      <ToolList place="preload" />
      <StageWarnings place="preload" tools={tools} />
      <List size="sm" c="dimmed" spacing={4}>
        <List.Item>All run at once, each for 3 seconds at most. A slow one is cancelled, and the call goes on without it.</List.Item>
        <List.Item>
          <code>args</code> holds the caller's number and the result of the caller lookup. The model never sees these tools.
        </List.Item>
        <List.Item>Texts and numbers in the result become variables; lists and objects become data that the model reads.</List.Item>
        <List.Item>
          They should only read: nobody has agreed to anything yet. <code>_run_llm</code> has no effect here.
        </List.Item>
      </List>
    </Panel>
  );
}
