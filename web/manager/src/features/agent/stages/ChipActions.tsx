import { Menu } from "@mantine/core";
import { IconArrowRight, IconPencil, IconX } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { tell } from "../../../ui/notify";
import { ownToolsOf } from "../draft/agent";
import { useDraft } from "../draft/DraftProvider";
import { kindOfTool, lostTransitions, movedTool, type PlaceId, placeLabel, placesOf, removedFrom, toolsIn } from "./toolPlaces";
import { useMoveTool } from "./useMoveTool";

/** Everything that dragging does and more, from a menu. */
export function ChipActions({ place, tool }: { place: PlaceId; tool: string }) {
  const { draft, patch } = useDraft();
  const move = useMoveTool();
  const tools = toolsIn(draft, place);
  const index = tools.indexOf(tool);
  const isOwn = ownToolsOf(draft).some((item) => item.name === tool);
  const isCode = kindOfTool(draft, tool) === "code";
  const others = placesOf(draft).filter((other) => other !== place && (other !== "preload" || isCode));

  function remove() {
    const lost = lostTransitions(draft, place, tool, null);
    patch(removedFrom(draft, place, tool));
    const also = lost.length > 0 ? `, and with it the transition to ${lost.join(", ")}` : "";
    tell(`${tool} is taken out of ${placeLabel(place)}${also}. Undo brings it back.`);
  }

  return (
    <>
      {isOwn && (
        <Menu.Item
          leftSection={<IconPencil size={14} />}
          renderRoot={(props) => <Link {...props} to="/agents/$agentId/tools/$tool" params={{ agentId: draft.agent_id, tool }} />}
        >
          Edit {tool}
        </Menu.Item>
      )}
      {others.map((other) => (
        <Menu.Item key={other} leftSection={<IconArrowRight size={14} />} onClick={() => move(tool, place, other)}>
          Move to {placeLabel(other)}
        </Menu.Item>
      ))}
      <Menu.Item disabled={index <= 0} onClick={() => patch(movedTool(draft, tool, place, place, index - 1))}>
        Earlier
      </Menu.Item>
      <Menu.Item disabled={index >= tools.length - 1} onClick={() => patch(movedTool(draft, tool, place, place, index + 1))}>
        Later
      </Menu.Item>
      <Menu.Divider />
      <Menu.Item leftSection={<IconX size={14} />} onClick={remove}>
        Take out of {placeLabel(place)}
      </Menu.Item>
    </>
  );
}
