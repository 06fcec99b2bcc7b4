import { tell } from "../../../ui/notify";
import { useDraftActions } from "../draft/DraftProvider";
import { kindOfTool, lostTransitions, movedTool, type PlaceId, placeLabel } from "./toolPlaces";

/** Moves a tool and says what that changed; the preload takes code only. */
export function useMoveTool(): (tool: string, from: PlaceId, to: PlaceId, index?: number) => void {
  const { draftNow, patch } = useDraftActions();
  return (tool, from, to, index) => {
    const draft = draftNow();
    if (to === "preload" && from !== "preload" && kindOfTool(draft, tool) !== "code") {
      tell(`${tool} stays where it is: only tools with code of their own can run during the greeting.`);
      return;
    }
    const lost = lostTransitions(draft, from, tool, to);
    patch(movedTool(draft, tool, from, to, index));
    if (from === to) return;
    const also = lost.length > 0 ? ` The transition to ${lost.join(", ")} went with it; undo brings it back.` : "";
    tell(`${tool} moved to ${placeLabel(to)}.${also}`);
  };
}
