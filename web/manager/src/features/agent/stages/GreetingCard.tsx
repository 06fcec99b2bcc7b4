import { Stack, Switch, Title } from "@mantine/core";
import { Panel } from "../../../ui/Panel";
import { useDraftActions, useDraftPart } from "../draft/DraftProvider";
import { PromptEditor } from "../PromptEditor";
import classes from "./Stages.module.css";

/** What is said word for word: who begins, the greeting, the farewell and the disclosure (rules A2, A6). */
export function GreetingCard() {
  const { patch, isReadOnly } = useDraftActions();
  const draft = useDraftPart(({ channel, speak_first, greeting, farewell, disclosure }) => ({
    channel,
    speak_first,
    greeting,
    farewell,
    disclosure,
  }));
  const isVoice = draft.channel !== "chat";
  return (
    <Panel className={classes.card} component="section" aria-label="Greeting">
      <Title order={3}>Greeting</Title>
      <PromptEditor
        label="Greeting"
        isLabelHidden
        isShort
        description={
          draft.speak_first
            ? "Said word for word when the conversation begins. Left empty, the agent greets in its own words."
            : "Said word for word after the caller has spoken first."
        }
        placeholder="Hello {name|there}, how can I help?"
        value={draft.greeting ?? ""}
        onChange={(text) => patch({ greeting: text || null })}
      />
      <PromptEditor
        label="Farewell"
        isShort
        description="Said before the agent hangs up by itself: after a long silence, or at the longest duration."
        placeholder="Thank you for calling. Goodbye!"
        value={draft.farewell ?? ""}
        onChange={(text) => patch({ farewell: text || null })}
      />
      <Stack gap="sm">
        <Switch
          label="The agent speaks first"
          checked={draft.speak_first ?? true}
          disabled={isReadOnly}
          classNames={{ label: classes.label }}
          onChange={(event) => patch({ speak_first: event.currentTarget.checked })}
        />
        {isVoice && (
          <Switch
            label="Say first that this is an AI"
            description="Before anything else, in the agent's language; with it, that the call is recorded when it is. Many countries ask for this by law."
            checked={draft.disclosure ?? true}
            disabled={isReadOnly}
            classNames={{ label: classes.label }}
            onChange={(event) => patch({ disclosure: event.currentTarget.checked })}
          />
        )}
      </Stack>
    </Panel>
  );
}
