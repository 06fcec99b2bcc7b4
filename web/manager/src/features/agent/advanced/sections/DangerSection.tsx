import { Button, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { $api, api } from "../../../../api/api";
import { ConfirmDanger } from "../../../../ui/ConfirmDanger";
import { phone } from "../../../../ui/format";
import { tell } from "../../../../ui/notify";
import { RoleGate } from "../../../../ui/RoleGate";
import { Section } from "../../../../ui/Section";
import { useDraft } from "../../draft/DraftProvider";

/** Deleting the agent, after naming what goes with it. */
export function DangerSection() {
  const { draft } = useDraft();
  const [isAsked, ask] = useDisclosure(false);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const numbers = $api.useQuery("get", "/v1/numbers", {}, { enabled: isAsked });
  const ringing = (numbers.data?.numbers ?? []).filter(
    (number) => number.inboundRoute === "ai_agent" && number.routeTarget === draft.agent_id,
  );
  const tools = (draft.tool_definitions ?? []).length;

  async function remove() {
    await api.DELETE("/v1/agents/{agent_id}", { params: { path: { agent_id: draft.agent_id } } });
    tell(`${draft.display_name} was deleted.`);
    await navigate({ to: "/", ignoreBlocker: true });
    await queries.invalidateQueries({ queryKey: ["get", "/v1/agents"] });
  }

  return (
    <Section
      title="Delete this agent"
      anchor="danger"
      actions={
        <RoleGate needs="editor">
          {(isAllowed) => (
            <Button color="red" variant="light" onClick={ask.open} disabled={!isAllowed}>
              Delete {draft.display_name}
            </Button>
          )}
        </RoleGate>
      }
    >
      <Text c="dimmed">For good. Calls and conversations it had stay in the lists.</Text>
      <ConfirmDanger
        isOpen={isAsked}
        title={`Delete ${draft.display_name}?`}
        action={`Delete ${draft.display_name}`}
        onConfirm={remove}
        onClose={ask.close}
      >
        <Text>
          Lost are {(draft.stages ?? []).length} stages, {tools} tools with their code, {(draft.resources ?? []).length} resources, the
          backend connection and all deployments of <b>{draft.agent_id}</b>.
        </Text>
        {draft.deployed && <Text mt="xs">It is live: callers no longer reach it from this moment.</Text>}
        {ringing.length > 0 && (
          <Text mt="xs">These numbers ring at nobody then: {ringing.map((number) => phone(number.number)).join(", ")}.</Text>
        )}
      </ConfirmDanger>
    </Section>
  );
}
