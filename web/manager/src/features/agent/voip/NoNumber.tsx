import { Button, Group, Select, Stack, Text, Title } from "@mantine/core";
import { IconPhone } from "@tabler/icons-react";
import { useState } from "react";
import { api } from "../../../api/api";
import { EmptyState } from "../../../ui/EmptyState";
import { phone } from "../../../ui/format";
import { tell } from "../../../ui/notify";
import { Panel } from "../../../ui/Panel";
import { Problem } from "../../../ui/Problem";
import { RoleGate } from "../../../ui/RoleGate";
import { useSubmit } from "../../../ui/useSubmit";
import { NumberForm } from "../../numbers/NumberForm";
import { createOf, EMPTY, type NumberValues } from "../../numbers/numberForm";
import { useDraft } from "../draft/DraftProvider";
import { forgetNumbers, type PhoneNumber } from "./useNumbers";

/** The way to a number: a new one, or one that leads nowhere yet. */
export function NoNumber({ numbers }: { numbers: readonly PhoneNumber[] }) {
  const { draft } = useDraft();
  const [isAdding, setAdding] = useState(false);
  const free = numbers.filter((number) => number.inboundRoute === "ai_agent" && number.routeTarget === null);

  async function add(values: NumberValues) {
    await api.POST("/v1/numbers", { body: createOf(values) });
    await forgetNumbers();
    tell(`${phone(values.number)} leads to ${draft.display_name}.`);
  }

  if (isAdding)
    return (
      <Panel component="section" aria-label="New number">
        <Title order={2} mb="md">
          Add a number
        </Title>
        <NumberForm
          initial={{ ...EMPTY, routeTarget: draft.agent_id }}
          isNew
          agents={[{ id: draft.agent_id, name: draft.display_name }]}
          onSave={add}
          onCancel={() => setAdding(false)}
        />
      </Panel>
    );
  return (
    <Panel component="section" aria-label="Number">
      <EmptyState
        icon={<IconPhone size={28} stroke={1.5} />}
        title="No number yet"
        action={
          <RoleGate needs="editor">
            {(isAllowed) => (
              <Button disabled={!isAllowed} onClick={() => setAdding(true)}>
                Add a number
              </Button>
            )}
          </RoleGate>
        }
      >
        Buy a number at Twilio or Telnyx, add it here, and enter the webhook address below at the carrier. Calls reach the agent with the
        next deploy.
      </EmptyState>
      {free.length > 0 && <Attach numbers={free} />}
    </Panel>
  );
}

/** A number of the workspace that leads nowhere yet. */
function Attach({ numbers }: { numbers: readonly PhoneNumber[] }) {
  const { draft } = useDraft();
  const [chosen, setChosen] = useState(numbers[0]?.id ?? null);
  const number = numbers.find((item) => item.id === chosen);
  const { submit, isBusy, problem } = useSubmit(async (item: PhoneNumber) => {
    await api.PATCH("/v1/numbers/{number_id}", { params: { path: { number_id: item.id } }, body: { routeTarget: draft.agent_id } });
    await forgetNumbers();
    tell(`${phone(item.number)} leads to ${draft.display_name}.`);
  });
  return (
    <Stack gap="xs" align="center">
      <Text c="dimmed">or take a number that leads nowhere yet</Text>
      <Group align="flex-end" justify="center">
        <Select
          aria-label="Number without an agent"
          data={numbers.map((item) => ({ value: item.id, label: phone(item.number) }))}
          value={chosen}
          onChange={setChosen}
        />
        <RoleGate needs="editor">
          {(isAllowed) => (
            <Button variant="default" loading={isBusy} disabled={!isAllowed || !number} onClick={() => number && void submit(number)}>
              {number ? `Attach ${phone(number.number)}` : "Attach"}
            </Button>
          )}
        </RoleGate>
      </Group>
      <Problem text={problem} />
    </Stack>
  );
}
