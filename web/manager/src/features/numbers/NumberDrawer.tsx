import { Button, Drawer, Text } from "@mantine/core";
import { useMemo, useState } from "react";
import { api, type Schemas } from "../../api/api";
import { queryClient } from "../../api/queryClient";
import { ConfirmDanger } from "../../ui/ConfirmDanger";
import { Copyable } from "../../ui/Copyable";
import { phone } from "../../ui/format";
import { tell } from "../../ui/notify";
import { useMay } from "../../ui/RoleGate";
import { type AgentChoice, NumberForm } from "./NumberForm";
import { createOf, EMPTY, type NumberValues, patchOf, valuesOf } from "./numberForm";

interface NumberDrawerProps {
  /** Absent: a new one. */
  number?: Schemas["NumberReply"];
  forAgent?: string;
  agents: Schemas["AgentView"][];
  numbers: Schemas["NumberReply"][];
  onClose: () => void;
}

async function reload(): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ["get", "/v1/numbers"] }),
    queryClient.invalidateQueries({ queryKey: ["get", "/v1/agents/stats"] }),
  ]);
}

/** One number beside the list. */
export function NumberDrawer({ number, forAgent, agents, numbers, onClose }: NumberDrawerProps) {
  const mayEdit = useMay("editor");
  const [isAsking, setAsking] = useState(false);
  const choices = useMemo(() => choicesOf(agents, numbers, number?.id), [agents, numbers, number?.id]);

  async function save(values: NumberValues) {
    if (number) {
      await api.PATCH("/v1/numbers/{number_id}", { params: { path: { number_id: number.id } }, body: patchOf(values) });
      tell(`${phone(number.number)} was saved; new calls follow it at once.`);
    } else {
      const { data } = await api.POST("/v1/numbers", { body: createOf(values) });
      if (data) tell(`${phone(data.number)} was added.`);
    }
    await reload();
    onClose();
  }

  async function remove() {
    if (!number) return;
    await api.DELETE("/v1/numbers/{number_id}", { params: { path: { number_id: number.id } } });
    tell(`${phone(number.number)} was removed.`);
    await reload();
    onClose();
  }

  return (
    <Drawer opened onClose={onClose} title={number ? phone(number.number) : "Add a number"} size={480}>
      {number && (
        <div style={{ marginBottom: 16 }}>
          <Copyable value={number.number} label="the number" />
        </div>
      )}
      <NumberForm
        initial={number ? valuesOf(number) : { ...EMPTY, routeTarget: free(choices, forAgent) }}
        isNew={!number}
        agents={choices}
        onSave={save}
        onCancel={onClose}
        extra={
          number && (
            <Button variant="subtle" color="red" disabled={!mayEdit} onClick={() => setAsking(true)}>
              Remove…
            </Button>
          )
        }
      />
      {number && (
        <ConfirmDanger
          isOpen={isAsking}
          title={`Remove ${phone(number.number)}?`}
          action={`Remove ${phone(number.number)}`}
          onConfirm={remove}
          onClose={() => setAsking(false)}
        >
          <Text>
            Calls to it are refused from now on, and its route, its transfer and its fallback are lost. The number stays yours at the
            carrier.
          </Text>
        </ConfirmDanger>
      )}
    </Drawer>
  );
}

/** The agents, with the number each has already; the number that is open does not count. */
function choicesOf(agents: Schemas["AgentView"][], numbers: Schemas["NumberReply"][], ownId: string | undefined): AgentChoice[] {
  const taken = new Map(
    numbers
      .filter((number) => number.inboundRoute === "ai_agent" && number.id !== ownId)
      .map((number) => [number.routeTarget, number.number]),
  );
  return agents.map((agent) => ({ id: agent.agent_id, name: agent.display_name, number: taken.get(agent.agent_id) }));
}

function free(choices: AgentChoice[], wanted: string | undefined): string {
  return choices.find((choice) => choice.id === wanted && choice.number === undefined)?.id ?? "";
}
