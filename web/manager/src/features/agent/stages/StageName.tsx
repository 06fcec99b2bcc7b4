import { TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { memo, useEffect, useState } from "react";
import { useDraftActions } from "../draft/DraftProvider";
import { MOST_NAME, renamedStage, stageNameProblem } from "./edits";
import classes from "./Stages.module.css";

/** The name of a stage, taken with Enter or on leaving the field; transitions to it follow. */
export const StageName = memo(function StageName({ name }: { name: string }) {
  const { draftNow, patch, isReadOnly } = useDraftActions();
  const navigate = useNavigate({ from: "/agents/$agentId/stages" });
  const [typed, setTyped] = useState(name);
  useEffect(() => setTyped(name), [name]);
  const problem = stageNameProblem(draftNow(), typed, name);

  function take() {
    if (problem) {
      setTyped(name);
    } else if (typed !== name) {
      patch(renamedStage(draftNow(), name, typed.trim()));
      // A link to the old name would lead nowhere.
      void navigate({ search: {}, replace: true, resetScroll: false });
    }
  }

  return (
    <TextInput
      variant="unstyled"
      flex={1}
      miw={0}
      classNames={{ input: classes.name }}
      aria-label={`Name of the stage ${name}`}
      value={typed}
      maxLength={MOST_NAME}
      readOnly={isReadOnly}
      error={problem || undefined}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={take}
      onKeyDown={(event) => {
        if (event.key === "Enter") event.currentTarget.blur();
        if (event.key === "Escape") setTyped(name);
      }}
    />
  );
});
