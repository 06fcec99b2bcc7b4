import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { $api } from "../../../api/api";
import { ConfirmDanger } from "../../../ui/ConfirmDanger";
import { tell } from "../../../ui/notify";
import { useDraft } from "../draft/DraftProvider";
import { type DraftTool, removedTool, usesOf } from "./draftTools";

/** Deletes a tool after naming every place that loses it. */
export function DeleteTool({ tool, isDisabled }: { tool: DraftTool; isDisabled: boolean }) {
  const { draft, patch, flush } = useDraft();
  const navigate = useNavigate();
  const [isOpen, { open, close }] = useDisclosure(false);
  const standard = $api.useQuery("get", "/v1/tools/standard", {}, { staleTime: Number.POSITIVE_INFINITY, enabled: isOpen });
  const hasStandIn = standard.data?.tools.some((item) => item.name === tool.name) ?? false;
  const uses = usesOf(draft, tool.name);
  const lost = [
    ...uses.stages.map((use) => `the stage ${use.stage}${use.transition ? ` with its transition to ${use.transition.to}` : ""}`),
    ...(uses.isPreload ? ["the greeting preload"] : []),
  ];

  async function remove() {
    patch(removedTool(draft, tool.name, hasStandIn));
    await flush();
    tell(`${tool.name} was deleted from the draft.`);
    await navigate({ to: "/agents/$agentId/stages", params: { agentId: draft.agent_id } });
  }

  return (
    <>
      <Button variant="subtle" color="red.8" onClick={open} disabled={isDisabled}>
        Delete
      </Button>
      <ConfirmDanger isOpen={isOpen} title={`Delete ${tool.name}?`} action={`Delete ${tool.name}`} onConfirm={remove} onClose={close}>
        {hasStandIn
          ? "Your own version is lost; the standard tool of the same name takes its place everywhere."
          : `Its description, parameters and code are lost. ${lost.length > 0 ? `It goes from ${lost.join(", ")}.` : "No stage uses it."}`}{" "}
        What is deployed goes on working until the next deploy.
      </ConfirmDanger>
    </>
  );
}
