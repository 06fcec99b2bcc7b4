import { useDroppable } from "@dnd-kit/core";
import { rectSortingStrategy, SortableContext } from "@dnd-kit/sortable";
import { Text } from "@mantine/core";
import { memo } from "react";
import { useDraftActions, useDraftPart } from "../draft/DraftProvider";
import { AddTool } from "./AddTool";
import classes from "./Stages.module.css";
import { chipId, ToolChip } from "./ToolChip";
import { type PlaceId, placeLabel, toolsIn } from "./toolPlaces";

/** The tools of one place, in the order in which the model sees them; others can be dropped here. */
export const ToolList = memo(function ToolList({ place }: { place: PlaceId }) {
  const { isReadOnly } = useDraftActions();
  const tools = useDraftPart((draft) => [...new Set(toolsIn(draft, place))]);
  const { setNodeRef, isOver } = useDroppable({ id: place, data: { place }, disabled: isReadOnly });
  return (
    <SortableContext items={tools.map((tool) => chipId(place, tool))} strategy={rectSortingStrategy} disabled={isReadOnly}>
      {/** biome-ignore lint/a11y/useSemanticElements: a fieldset has a legend, and its own layout */}
      <div
        ref={setNodeRef}
        className={classes.tools}
        data-over={isOver || undefined}
        role="group"
        aria-label={`Tools of ${placeLabel(place)}`}
      >
        {tools.map((tool) => (
          <ToolChip key={tool} place={place} tool={tool} />
        ))}
        {tools.length === 0 && (
          <Text size="sm" c="dimmed" px={4}>
            {place === "preload" ? "Drop a code tool here." : "No tools yet."}
          </Text>
        )}
        <AddTool place={place} />
      </div>
    </SortableContext>
  );
});
