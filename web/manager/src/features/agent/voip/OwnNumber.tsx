import { Alert, Badge, Button, Group, Text, Title } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { useState } from "react";
import { api } from "../../../api/api";
import { ConfirmDanger } from "../../../ui/ConfirmDanger";
import { Copyable } from "../../../ui/Copyable";
import { phone } from "../../../ui/format";
import { tell } from "../../../ui/notify";
import { Panel } from "../../../ui/Panel";
import { RoleGate } from "../../../ui/RoleGate";
import { NumberForm } from "../../numbers/NumberForm";
import { type NumberValues, patchOf, valuesOf } from "../../numbers/numberForm";
import { routeInWords } from "../../numbers/routes";
import { useDraft } from "../draft/DraftProvider";
import { forgetNumbers, type PhoneNumber } from "./useNumbers";

/** The agent's number: whether it is live, and where its calls go otherwise. */
export function OwnNumber({ number }: { number: PhoneNumber }) {
  const { draft } = useDraft();
  const [isEditing, setEditing] = useState(false);
  const [isRemoving, setRemoving] = useState(false);
  const path = { number_id: number.id };

  async function save(values: NumberValues) {
    await api.PATCH("/v1/numbers/{number_id}", { params: { path }, body: patchOf(values) });
    await forgetNumbers();
    setEditing(false);
    tell(`${phone(number.number)} is changed. Calls follow it at once.`);
  }
  async function remove() {
    await api.DELETE("/v1/numbers/{number_id}", { params: { path } });
    await forgetNumbers();
    tell(`${phone(number.number)} is removed.`);
  }

  return (
    <Panel component="section" aria-label="Number">
      <Group justify="space-between" align="flex-start" mb="lg">
        <div>
          <Group gap="sm">
            <Title order={2} fz="1.5rem">
              {phone(number.number)}
            </Title>
            {number.live ? (
              <Badge tt="none" fw={600} leftSection="●">
                Live
              </Badge>
            ) : (
              <Badge variant="default" tt="none" fw={500}>
                Not live yet
              </Badge>
            )}
          </Group>
          <Copyable value={number.number} label="the number" />
        </div>
        <Group gap="xs">
          {!isEditing && (
            <Button variant="default" onClick={() => setEditing(true)}>
              Change where calls go
            </Button>
          )}
          <RoleGate needs="editor">
            {(isAllowed) => (
              <Button variant="subtle" color="red" disabled={!isAllowed} onClick={() => setRemoving(true)}>
                Remove
              </Button>
            )}
          </RoleGate>
        </Group>
      </Group>
      {!number.live && (
        <Alert color="gray" variant="light" icon={<IconInfoCircle size={18} />} mb="lg">
          Calls reach {draft.display_name} with the first deploy. Until then callers get: {fallbackOf(number)}.
        </Alert>
      )}
      {isEditing ? (
        <NumberForm
          initial={valuesOf(number)}
          isNew={false}
          agents={[{ id: draft.agent_id, name: draft.display_name }]}
          onSave={save}
          onCancel={() => setEditing(false)}
        />
      ) : (
        <dl style={{ display: "grid", gridTemplateColumns: "fit-content(45%) minmax(0, 1fr)", gap: "8px 16px", margin: 0 }}>
          <Entry term="Calls go to">{draft.display_name}</Entry>
          <Entry term="When the agent hands over">
            {number.aiTransferType ? routeInWords(number.aiTransferType, number.aiTransferTarget) : "Nowhere: it cannot transfer"}
          </Entry>
          <Entry term="When it cannot be answered">{fallbackOf(number)}</Entry>
        </dl>
      )}
      <Text size="sm" c="dimmed" mt="lg">
        An agent has one number. To give it another one, remove this one first.
      </Text>
      <ConfirmDanger
        isOpen={isRemoving}
        title={`Remove ${phone(number.number)}?`}
        action={`Remove ${phone(number.number)}`}
        onConfirm={remove}
        onClose={() => setRemoving(false)}
      >
        Calls to {phone(number.number)} will not reach {draft.display_name} any more, and its transfer target and fallback are forgotten.
        The number itself stays yours at the carrier; the agent and its calls stay here.
      </ConfirmDanger>
    </Panel>
  );
}

function fallbackOf(number: PhoneNumber): string {
  return number.fallback ? routeInWords(number.fallback.type, number.fallback.target) : "the spoken apology of the platform";
}

function Entry({ term, children }: { term: string; children: string }) {
  return (
    <>
      <Text component="dt" c="dimmed">
        {term}
      </Text>
      <Text component="dd" m={0} style={{ overflowWrap: "anywhere" }}>
        {children}
      </Text>
    </>
  );
}
