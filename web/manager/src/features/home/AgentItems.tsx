import { Menu } from "@mantine/core";
import { IconCopy, IconMicrophone, IconPhoneCall, IconTrash } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, type Schemas } from "../../api/api";
import { queryClient } from "../../api/queryClient";
import { ConfirmDanger } from "../../ui/ConfirmDanger";
import { phone } from "../../ui/format";
import { tell, tellProblem } from "../../ui/notify";
import { useMay } from "../../ui/RoleGate";
import { useOpenedMenu } from "../../ui/useOpenedMenu";
import { type AgentMenuProps, DotsButton } from "./AgentMenu";
import { copyOf } from "./copyOf";
import { freeSlug } from "./slug";

async function reload(): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ["get", "/v1/agents"] }),
    queryClient.invalidateQueries({ queryKey: ["get", "/v1/agents/stats"] }),
    queryClient.invalidateQueries({ queryKey: ["get", "/v1/numbers"] }),
  ]);
}

export default function AgentItems({ agent, numbers, takenIds }: AgentMenuProps) {
  const navigate = useNavigate();
  const mayEdit = useMay("editor");
  const [isAsking, setAsking] = useState(false);
  const { target, menu } = useOpenedMenu();
  const params = { agentId: agent.agent_id };

  async function duplicate() {
    try {
      const { data } = await api.POST("/v1/agents", { body: copyOf(agent, takenIds, freeSlug) });
      await reload();
      if (!data) return;
      tell(`${data.agent.display_name} was made; numbers and deployments stay with ${agent.display_name}.`);
      await navigate({ to: "/agents/$agentId/stages", params: { agentId: data.agent.agent_id } });
    } catch (error) {
      tellProblem(error, `${agent.display_name} was not duplicated`);
    }
  }

  async function remove() {
    await api.DELETE("/v1/agents/{agent_id}", { params: { path: { agent_id: agent.agent_id } } });
    tell(`${agent.display_name} was deleted.`);
    await reload();
  }

  return (
    <>
      <Menu {...menu} position="bottom-end" width={200}>
        <Menu.Target>
          <DotsButton ref={target} name={agent.display_name} />
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<IconMicrophone size={16} />}
            renderRoot={(props) => <Link to="/agents/$agentId/test" params={params} {...props} />}
          >
            Talk to it
          </Menu.Item>
          <Menu.Item
            leftSection={<IconPhoneCall size={16} />}
            renderRoot={(props) => <Link to="/calls" search={{ agent_id: agent.agent_id }} {...props} />}
          >
            Its calls
          </Menu.Item>
          <Menu.Item leftSection={<IconCopy size={16} />} disabled={!mayEdit} onClick={duplicate}>
            Duplicate
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item leftSection={<IconTrash size={16} />} color="red" disabled={!mayEdit} onClick={() => setAsking(true)}>
            Delete…
          </Menu.Item>
          {!mayEdit && <Menu.Label>Changes need the role editor.</Menu.Label>}
        </Menu.Dropdown>
      </Menu>
      <ConfirmDanger
        isOpen={isAsking}
        title={`Delete ${agent.display_name}?`}
        action={`Delete ${agent.display_name}`}
        onConfirm={remove}
        onClose={() => setAsking(false)}
      >
        <Lost agent={agent} numbers={numbers} />
      </ConfirmDanger>
    </>
  );
}

function amountOf(things: unknown[] | null | undefined, word: string): string[] {
  const amount = things?.length ?? 0;
  return amount === 0 ? [] : [`${amount} ${word}${amount === 1 ? "" : "s"}`];
}

function Lost({ agent, numbers }: { agent: Schemas["AgentView"]; numbers: string[] }) {
  const parts = [
    "its settings",
    ...amountOf(agent.stages, "stage"),
    ...amountOf(agent.tool_definitions, "tool"),
    ...amountOf(agent.resources, "resource"),
    ...(agent.deployed ? ["every deployment"] : []),
  ];
  const lost = new Intl.ListFormat("en").format(parts);
  return (
    <>
      {lost.charAt(0).toUpperCase() + lost.slice(1)} are lost; this cannot be undone. Calls it had stay in Calls.
      {numbers.length > 0 && ` ${numbers.map(phone).join(" and ")} will no longer be answered by an agent.`}
    </>
  );
}
