import { Button, Group, Modal, Radio, Stack, Text, Title } from "@mantine/core";
import { useEffect, useState } from "react";
import { DiffView } from "../diff/DiffView";
import { inWords } from "../diff/inWords";
import classes from "./Conflict.module.css";
import { useDraft } from "./DraftProvider";
import { useOtherAuthor } from "./lastAuthor";
import type { Conflict, Side } from "./merge";

const QUIET_MS = 1000;

/** Two people changed the same thing: both versions side by side, and nothing is saved before somebody chooses (rule RE1). */
export function ConflictDialog() {
  const { conflicts, resolve } = useDraft();
  const author = useOtherAuthor();
  const isOpen = useWhenQuiet(conflicts.length > 0);
  const [choices, setChoices] = useState<Record<string, Side>>({});
  const left = conflicts.filter((conflict) => choices[conflict.path] === undefined).length;

  function choose(all: Readonly<Record<string, Side>>) {
    resolve(all);
    setChoices({});
  }
  const every = (side: Side) => Object.fromEntries(conflicts.map((conflict) => [conflict.path, side]));

  return (
    <Modal
      opened={isOpen}
      onClose={() => undefined}
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
      size="xl"
      title={`The same thing was changed by ${author}`}
    >
      <Stack>
        <Text>
          {conflicts.length === 1 ? "What stands below was" : `These ${conflicts.length} things were`} changed on both sides. Everything
          else is kept from both. Choose what stays; undo brings the other version back.
        </Text>
        {conflicts.map((conflict) => (
          <Choice
            key={conflict.path}
            conflict={conflict}
            side={choices[conflict.path]}
            onChoose={(side) => setChoices({ ...choices, [conflict.path]: side })}
          />
        ))}
        <Group justify="flex-end">
          {conflicts.length > 1 && (
            <>
              <Button variant="default" onClick={() => choose(every("theirs"))}>
                Take all of theirs
              </Button>
              <Button variant="default" onClick={() => choose(every("mine"))}>
                Keep all of mine
              </Button>
            </>
          )}
          <Button disabled={left > 0} onClick={() => choose(choices)}>
            {left > 0 && conflicts.length > 1 ? `Save (${left} to choose)` : "Save this choice"}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** True a moment after the last letter: a dialog in the middle of a word would swallow the rest of it. */
function useWhenQuiet(isWanted: boolean): boolean {
  const { draft } = useDraft();
  const [isQuiet, setQuiet] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: every change of the draft begins the wait anew
  useEffect(() => {
    if (!isWanted) {
      setQuiet(false);
      return undefined;
    }
    const timer = setTimeout(() => setQuiet(true), QUIET_MS);
    return () => clearTimeout(timer);
  }, [isWanted, draft]);
  return isWanted && isQuiet;
}

function Choice({ conflict, side, onChoose }: { conflict: Conflict; side: Side | undefined; onChoose: (side: Side) => void }) {
  return (
    <div>
      <Title order={3} mb="xs">
        {conflict.label}
      </Title>
      <Radio.Group
        aria-label={conflict.label}
        value={side ?? null}
        onChange={(value) => {
          if (value === "mine" || value === "theirs") onChoose(value);
        }}
      >
        <div className={classes.sides}>
          <Version value="mine" title="Keep mine" from={conflict.base} to={conflict.mine} />
          <Version value="theirs" title="Take theirs" from={conflict.base} to={conflict.theirs} />
        </div>
      </Radio.Group>
    </div>
  );
}

function Version({ value, title, from, to }: { value: Side; title: string; from: unknown; to: unknown }) {
  return (
    <div className={classes.side}>
      <Radio value={value} label={title} />
      {to === undefined ? <Text c="dimmed">removed</Text> : <DiffView before={inWords(from)} after={inWords(to)} />}
    </div>
  );
}
