import { useSortable } from "@dnd-kit/sortable";
import { CSS } from "@dnd-kit/utilities";
import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import { IconArrowBackUp, IconDots, IconGripVertical, IconPlayerTrackNext } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { type Agent, ownToolsOf } from "../draft/agent";
import { useDraftActions, useDraftPart } from "../draft/DraftProvider";
import { ChipActions } from "./ChipActions";
import classes from "./Stages.module.css";
import { standardTool } from "./standardTools";
import { kindOfTool, oneClickPlace, type PlaceId, placeLabel } from "./toolPlaces";
import { useMoveTool } from "./useMoveTool";

export const chipId = (place: PlaceId, tool: string): string => `${place}\n${tool}`;

interface ChipProps {
  place: PlaceId;
  tool: string;
}

/** A tool in its place: dragged with the pointer or the keyboard, or moved from its menu. */
export function ToolChip({ place, tool }: ChipProps) {
  const { isReadOnly } = useDraftActions();
  const sortable = useSortable({ id: chipId(place, tool), data: { place, tool }, disabled: isReadOnly });
  const isUnknown = useDraftPart((draft) => kindOfTool(draft, tool) === "unknown");
  return (
    <div
      ref={sortable.setNodeRef}
      className={classes.chip}
      data-unknown={isUnknown || undefined}
      data-dragging={sortable.isDragging || undefined}
      data-plain={isReadOnly || undefined}
      style={{ transform: CSS.Translate.toString(sortable.transform), transition: sortable.transition }}
    >
      {!isReadOnly && (
        <button
          type="button"
          ref={sortable.setActivatorNodeRef}
          className={classes.grip}
          {...sortable.attributes}
          {...sortable.listeners}
          aria-label={`Drag ${tool}`}
        >
          <IconGripVertical size={14} aria-hidden />
        </button>
      )}
      <ToolName tool={tool} />
      {!isReadOnly && <OneClick place={place} tool={tool} />}
      {!isReadOnly && <ChipMenu place={place} tool={tool} />}
    </div>
  );
}

function aboutTool(draft: Agent, name: string): { isOwn: boolean; about: string; agentId: string } {
  const own = ownToolsOf(draft).find((tool) => tool.name === name);
  const missing = "No tool of this name exists. Define it, or take it out.";
  return {
    isOwn: own !== undefined,
    about: own ? (own.description ?? "") : (standardTool(name)?.summary ?? missing),
    agentId: draft.agent_id,
  };
}

const ToolName = memo(function ToolName({ tool }: { tool: string }) {
  const { isOwn, about, agentId } = useDraftPart((draft) => aboutTool(draft, tool));
  return (
    <Tooltip label={about} disabled={!about} multiline maw={320}>
      {isOwn ? (
        <Link className={classes.chipName} to="/agents/$agentId/tools/$tool" params={{ agentId, tool }}>
          {tool}
        </Link>
      ) : (
        <span className={classes.chipName}>{tool}</span>
      )}
    </Tooltip>
  );
});

/** Rule P6: into the preload and back with one click. */
const OneClick = memo(function OneClick({ place, tool }: ChipProps) {
  const to = useDraftPart((draft) => oneClickPlace(draft, place, tool));
  const move = useMoveTool();
  if (to === null) return null;
  const label = to === "preload" ? `Run ${tool} during the greeting` : `Move ${tool} back to ${placeLabel(to)}`;
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size={24} aria-label={label} onClick={() => move(tool, place, to)}>
        {to === "preload" ? <IconPlayerTrackNext size={14} /> : <IconArrowBackUp size={14} />}
      </ActionIcon>
    </Tooltip>
  );
});

const ChipMenu = memo(function ChipMenu({ place, tool }: ChipProps) {
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={24} aria-label={`Actions for ${tool} in ${placeLabel(place)}`}>
          <IconDots size={14} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown mah={360} style={{ overflowY: "auto" }}>
        <ChipActions place={place} tool={tool} />
      </Menu.Dropdown>
    </Menu>
  );
});
