import { ActionIcon, List, Menu, Text } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconCopy, IconDots, IconFlag, IconTrash } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { memo, useState } from "react";
import { ConfirmDanger } from "../../../ui/ConfirmDanger";
import { tell } from "../../../ui/notify";
import { stagesOf } from "../draft/agent";
import { useDraft, useDraftActions } from "../draft/DraftProvider";
import { duplicatedStage, leadingTo, removedStage, shiftedStage } from "./edits";

interface StageMenuProps {
  name: string;
  isFirst: boolean;
}

/** What can be done with a whole stage. */
export const StageMenu = memo(function StageMenu({ name, isFirst }: StageMenuProps) {
  const { isReadOnly } = useDraftActions();
  const [isRemoving, setRemoving] = useState(false);
  if (isReadOnly) return null;
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={`Actions for the stage ${name}`}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Actions name={name} isFirst={isFirst} onRemove={() => setRemoving(true)} />
        </Menu.Dropdown>
      </Menu>
      {isRemoving && <RemoveStage name={name} onClose={() => setRemoving(false)} />}
    </>
  );
});

function Actions({ name, isFirst, onRemove }: StageMenuProps & { onRemove: () => void }) {
  const { draft, patch } = useDraft();
  const navigate = useNavigate({ from: "/agents/$agentId/stages" });
  const stages = stagesOf(draft);
  const place = stages.findIndex((stage) => stage.name === name);

  function duplicate() {
    const copy = duplicatedStage(draft, name);
    patch(copy.patch);
    void navigate({ search: { stage: copy.name }, resetScroll: false });
  }

  return (
    <>
      {!isFirst && (
        <Menu.Item leftSection={<IconFlag size={14} />} onClick={() => patch({ first_stage: name })}>
          Begin conversations here
        </Menu.Item>
      )}
      <Menu.Item leftSection={<IconArrowUp size={14} />} disabled={place <= 0} onClick={() => patch(shiftedStage(draft, name, -1))}>
        Move before {stages[place - 1]?.name ?? "the others"}
      </Menu.Item>
      <Menu.Item
        leftSection={<IconArrowDown size={14} />}
        disabled={place >= stages.length - 1}
        onClick={() => patch(shiftedStage(draft, name, 1))}
      >
        Move behind {stages[place + 1]?.name ?? "the others"}
      </Menu.Item>
      <Menu.Item leftSection={<IconCopy size={14} />} onClick={duplicate}>
        Duplicate
      </Menu.Item>
      <Menu.Divider />
      <Menu.Item color="red" leftSection={<IconTrash size={14} />} onClick={onRemove}>
        Delete…
      </Menu.Item>
    </>
  );
}

function RemoveStage({ name, onClose }: { name: string; onClose: () => void }) {
  const { draft, patch } = useDraft();
  const stage = stagesOf(draft).find((item) => item.name === name);
  const words = stage?.prompt.trim() ? stage.prompt.trim().split(/\s+/).length : 0;
  const next = stage?.transitions.map((item) => item.to_stage) ?? [];
  return (
    <ConfirmDanger
      isOpen
      title={`Delete the stage ${name}?`}
      action={`Delete ${name}`}
      onClose={onClose}
      onConfirm={async () => {
        patch(removedStage(draft, name));
        tell(`The stage ${name} is deleted. Undo brings it back.`);
      }}
    >
      <Text mb="xs">This goes with it:</Text>
      <List size="sm">
        <List.Item>{words > 0 ? `its prompt of ${words} words` : "its prompt, which is empty"}</List.Item>
        {next.length > 0 && <List.Item>where it leads: {next.join(", ")}</List.Item>}
        {leadingTo(draft, name).map((item) => (
          <List.Item key={`${item.stage} ${item.tool}`}>
            the transition from {item.stage} on {item.tool}
          </List.Item>
        ))}
      </List>
      <Text mt="xs" c="dimmed" size="sm">
        Its tools stay defined. What is live does not change before the next deploy.
      </Text>
    </ConfirmDanger>
  );
}
