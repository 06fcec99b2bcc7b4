import { ActionIcon, Button, Group, Select, Stack, Text, Title, Tooltip } from "@mantine/core";
import { IconArrowRight, IconX } from "@tabler/icons-react";
import { memo } from "react";
import { isSame, stagesOf, type Transition } from "../draft/agent";
import { useDraftActions, useDraftPart } from "../draft/DraftProvider";
import { PromptEditor } from "../PromptEditor";
import { withTransitions } from "./edits";
import classes from "./Stages.module.css";

/** Tools after which there is nothing to move on to. */
const LAST_TOOLS = new Set(["end_call", "transfer_to_human"]);

interface TransitionsProps {
  name: string;
  tools: readonly string[];
  transitions: readonly Transition[];
}

/** Where a stage leads, on which tool, and what is told there (rule S2). */
export const Transitions = memo(function Transitions({ name, tools, transitions }: TransitionsProps) {
  const { draftNow, patch, isReadOnly } = useDraftActions();
  const stages = useDraftPart((draft) => stagesOf(draft).map((other) => other.name));
  const others = stages.filter((other) => other !== name);
  const free = tools.filter((tool) => !transitions.some((item) => item.on_tool === tool) && !LAST_TOOLS.has(tool));
  const obstacle =
    others.length === 0 ? "Add another stage first." : free.length === 0 ? "Add a tool first: a transition waits for one." : "";
  const save = (changed: Transition[]) => patch(withTransitions(draftNow(), name, changed));

  function add() {
    const next = stages[stages.indexOf(name) + 1] ?? others[0];
    const [tool] = free;
    if (next && tool) save([...transitions, { on_tool: tool, to_stage: next, handover_message: null }]);
  }

  return (
    <div>
      <Group justify="space-between" mb={4}>
        <Title order={3}>Moves on</Title>
        {!isReadOnly && (
          <Tooltip label={obstacle} disabled={!obstacle}>
            <Button
              variant="subtle"
              size="compact-sm"
              leftSection={<IconArrowRight size={14} />}
              aria-disabled={obstacle ? true : undefined}
              aria-description={obstacle || undefined}
              className={obstacle ? classes.off : undefined}
              onClick={() => !obstacle && add()}
            >
              Add transition
            </Button>
          </Tooltip>
        )}
      </Group>
      {transitions.length === 0 && (
        <Text size="sm" c="dimmed">
          The conversation stays here until it ends.
        </Text>
      )}
      <Stack gap="md">
        {transitions.map((item, place) => (
          <TransitionRow
            // biome-ignore lint/suspicious/noArrayIndexKey: a transition is its place; tool and goal change while it is edited
            key={place}
            stage={name}
            tools={tools}
            stages={stages}
            item={item}
            onChange={(change) => save(transitions.map((other, at) => (at === place ? { ...other, ...change } : other)))}
            onRemove={() => save(transitions.filter((_, at) => at !== place))}
          />
        ))}
      </Stack>
    </div>
  );
}, isSame);

interface TransitionRowProps {
  stage: string;
  tools: readonly string[];
  stages: readonly string[];
  item: Transition;
  onChange: (change: Partial<Transition>) => void;
  onRemove: () => void;
}

function TransitionRow({ stage, tools, stages, item, onChange, onRemove }: TransitionRowProps) {
  const { isReadOnly } = useDraftActions();
  const isForeign = !tools.includes(item.on_tool);
  const isMissing = !stages.includes(item.to_stage);
  return (
    <div>
      <div className={classes.transition}>
        <Text size="sm">When</Text>
        <div>
          <Select
            aria-label={`Tool that moves on from ${stage}`}
            data={[...new Set([...tools, item.on_tool])]}
            value={item.on_tool}
            error={isForeign ? "is no tool of this stage" : undefined}
            readOnly={isReadOnly}
            onChange={(tool) => tool && onChange({ on_tool: tool })}
          />
        </div>
        <Text size="sm">is done, go to</Text>
        <div>
          <Select
            aria-label={`Next stage when ${item.on_tool} is done`}
            data={[...new Set([...stages, item.to_stage])]}
            value={item.to_stage}
            error={isMissing ? "does not exist" : undefined}
            readOnly={isReadOnly}
            onChange={(name) => name && onChange({ to_stage: name })}
          />
        </div>
        {isReadOnly ? (
          <span />
        ) : (
          <Tooltip label="Remove this transition">
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Remove the transition on ${item.on_tool} to ${item.to_stage}`}
              onClick={onRemove}
            >
              <IconX size={16} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      <div style={{ marginTop: 8 }}>
        <PromptEditor
          label="and tell it there"
          isShort
          placeholder="Handover message, such as: Order placed. Total: {total}."
          value={item.handover_message ?? ""}
          onChange={(text) => onChange({ handover_message: text || null })}
          resultOf={item.on_tool}
        />
      </div>
    </div>
  );
}
