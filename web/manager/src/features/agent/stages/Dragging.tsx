import {
  type Announcements,
  type CollisionDetection,
  closestCorners,
  DndContext,
  type DragEndEvent,
  DragOverlay,
  KeyboardSensor,
  PointerSensor,
  pointerWithin,
  type UniqueIdentifier,
  useSensor,
  useSensors,
} from "@dnd-kit/core";
import { sortableKeyboardCoordinates } from "@dnd-kit/sortable";
import { IconGripVertical } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useDraftActions } from "../draft/DraftProvider";
import classes from "./Stages.module.css";
import { type PlaceId, placeLabel, toolsIn } from "./toolPlaces";
import { useMoveTool } from "./useMoveTool";

interface Dragged {
  place: PlaceId;
  tool?: string;
}

function dragged(item: { data: { current?: unknown } } | null): Dragged | null {
  const data = item?.data.current;
  return typeof data === "object" && data !== null && "place" in data ? (data as Dragged) : null;
}

/** With the pointer: what lies under it. With the keyboard: what is nearest. */
const underPointer: CollisionDetection = (args) => {
  const within = pointerWithin(args);
  return within.length > 0 ? within : closestCorners(args);
};

const INSTRUCTIONS =
  "Press space to pick up the tool, the arrow keys to move it among the tools of all stages and the preload, space to drop it, escape to leave it where it was.";

/** Tools are dragged between stages and the preload, by pointer, touch and keyboard, and every step is spoken. */
export function Dragging({ children }: { children: ReactNode }) {
  const { draftNow } = useDraftActions();
  const move = useMoveTool();
  const [lifted, setLifted] = useState<string | null>(null);
  const sensors = useSensors(
    useSensor(PointerSensor, { activationConstraint: { distance: 6 } }),
    useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }),
  );

  function drop({ active, over }: DragEndEvent) {
    setLifted(null);
    const [from, to] = [dragged(active), dragged(over)];
    if (!from?.tool || !to) return;
    const tools = toolsIn(draftNow(), to.place).filter((tool) => tool !== from.tool || from.place === to.place);
    const index = to.tool === undefined ? undefined : tools.indexOf(to.tool);
    if (from.place === to.place && (index === undefined || to.tool === from.tool)) return;
    move(from.tool, from.place, to.place, index);
  }

  return (
    <DndContext
      id="tools"
      sensors={sensors}
      collisionDetection={underPointer}
      accessibility={{ announcements: ANNOUNCEMENTS, screenReaderInstructions: { draggable: INSTRUCTIONS } }}
      onDragStart={({ active }) => setLifted(dragged(active)?.tool ?? null)}
      onDragCancel={() => setLifted(null)}
      onDragEnd={drop}
    >
      {children}
      <DragOverlay dropAnimation={null}>
        {lifted && (
          <div className={classes.chip} data-lifted>
            <span className={classes.grip}>
              <IconGripVertical size={14} />
            </span>
            <span className={classes.chipName}>{lifted}</span>
          </div>
        )}
      </DragOverlay>
    </DndContext>
  );
}

function wordsOf(id: UniqueIdentifier): { tool: string; place: string } {
  const [place = "", tool = ""] = String(id).split("\n");
  return { tool, place: placeLabel(place as PlaceId) };
}

const ANNOUNCEMENTS: Announcements = {
  onDragStart: ({ active }) => `Picked up ${wordsOf(active.id).tool} from ${wordsOf(active.id).place}.`,
  onDragOver({ active, over }) {
    if (!over) return `${wordsOf(active.id).tool} is over nothing.`;
    const { tool, place } = wordsOf(over.id);
    return tool ? `${wordsOf(active.id).tool} is at the place of ${tool} in ${place}.` : `${wordsOf(active.id).tool} is in ${place}.`;
  },
  onDragEnd: ({ active, over }) =>
    over
      ? `${wordsOf(active.id).tool} was dropped in ${wordsOf(over.id).place}.`
      : `${wordsOf(active.id).tool} stays in ${wordsOf(active.id).place}.`,
  onDragCancel: ({ active }) => `${wordsOf(active.id).tool} stays in ${wordsOf(active.id).place}.`,
};
