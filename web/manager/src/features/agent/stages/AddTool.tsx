import { Button, Menu, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { ownToolsOf } from "../draft/agent";
import { useDraft, useDraftActions } from "../draft/DraftProvider";
import { STANDARD_TOOLS } from "./standardTools";
import { addedTo, kindOfTool, type PlaceId, placeLabel, toolsIn } from "./toolPlaces";

/** Adds a tool to a place: the agent's own, a built-in one, a standard webhook, or a new one. */
export function AddTool({ place }: { place: PlaceId }) {
  const { isReadOnly } = useDraftActions();
  if (isReadOnly) return null;
  return (
    <Menu position="bottom-start" width={320} withinPortal>
      <Menu.Target>
        <Button variant="subtle" size="compact-sm" leftSection={<IconPlus size={14} />} aria-label={`Add a tool to ${placeLabel(place)}`}>
          Add tool
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah={400} style={{ overflowY: "auto" }}>
        <Choices place={place} />
      </Menu.Dropdown>
    </Menu>
  );
}

function Choices({ place }: { place: PlaceId }) {
  const { draft, patch } = useDraft();
  const there = new Set(toolsIn(draft, place));
  const own = ownToolsOf(draft);
  const ownNames = new Set(own.map((tool) => tool.name));
  const offered = own.filter((tool) => place !== "preload" || kindOfTool(draft, tool.name) === "code");
  const standard = STANDARD_TOOLS.filter((tool) => !ownNames.has(tool.name) && !(tool.needsLine && draft.channel === "chat"));
  // The form of a new tool offers it where one comes from.
  const search = place.startsWith("stage:") ? { stage: place.slice("stage:".length) } : {};
  const item = (name: string, about: string) => (
    <Menu.Item key={name} disabled={there.has(name)} onClick={() => patch(addedTo(draft, place, name))}>
      {name}
      <Text size="xs" c="dimmed" lineClamp={2}>
        {there.has(name) ? "is here already" : about}
      </Text>
    </Menu.Item>
  );
  return (
    <>
      <Menu.Item
        leftSection={<IconPlus size={14} />}
        renderRoot={(props) => (
          <Link {...props} to="/agents/$agentId/tools/$tool" params={{ agentId: draft.agent_id, tool: "new" }} search={search as never} />
        )}
      >
        New tool…
      </Menu.Item>
      {offered.length > 0 && <Menu.Label>Of this agent</Menu.Label>}
      {offered.map((tool) => item(tool.name, tool.description ?? ""))}
      {place !== "preload" && (
        <>
          <Menu.Label>Built in</Menu.Label>
          {standard.filter((tool) => tool.kind === "builtin").map((tool) => item(tool.name, tool.summary))}
          <Menu.Label>Answered by your webhook</Menu.Label>
          {standard.filter((tool) => tool.kind === "webhook").map((tool) => item(tool.name, tool.summary))}
        </>
      )}
    </>
  );
}
