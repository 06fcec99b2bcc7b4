import { Alert, Badge, Button, Group, Modal, Stack, Text, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/api";
import { ConfirmDanger } from "../../ui/ConfirmDanger";
import { tellProblem } from "../../ui/notify";
import { Panel } from "../../ui/Panel";
import { RelativeTime } from "../../ui/RelativeTime";
import { RoleGate } from "../../ui/RoleGate";
import { EventWebhookForm } from "./EventWebhookForm";
import { EventWebhookLog } from "./EventWebhookLog";
import { EventWebhookTest } from "./EventWebhookTest";
import { type Endpoint, type Health, healthOf } from "./eventTypes";
import { Secret } from "./Secret";

const BADGES: Record<Health, [string, string]> = {
  on: ["signal", "On"],
  failing: ["red", "Failing"],
  "given up": ["red", "Switched off"],
  gone: ["red", "Switched off"],
  off: ["gray", "Off"],
};
type Opened = "change" | "test" | "rotate" | "delete" | null;

/** One address: how it does, what can be done with it, what was sent. `secret` is not empty right after it was made. */
export function EventWebhook({ endpoint, secret }: { endpoint: Endpoint; secret: string }) {
  const [opened, setOpened] = useState<Opened>(null);
  const [rotated, setRotated] = useState("");
  const [isLogOpen, setLogOpen] = useState(false);
  const queries = useQueryClient();
  const path = { params: { path: { endpoint_id: endpoint.id } } };
  const reload = () => queries.invalidateQueries({ queryKey: ["get", "/v1/webhook-endpoints"] });
  const close = () => setOpened(null);

  async function turn(is_active: boolean) {
    try {
      await api.PATCH("/v1/webhook-endpoints/{endpoint_id}", { ...path, body: { is_active } });
      await reload();
    } catch (error) {
      tellProblem(error, is_active ? "It was not switched on" : "It was not switched off");
    }
  }

  const shown = rotated || secret;
  return (
    <Panel component="article" aria-label={endpoint.url}>
      <Stack gap="sm">
        <Head endpoint={endpoint} />
        {shown && <Secret value={shown} label="the signing secret" use="Your server checks the header webhook-signature with it." />}
        <Trouble endpoint={endpoint} />
        <Group gap="xs">
          <RoleGate needs="editor">
            {(isAllowed) => (
              <Group gap="xs">
                <Button size="xs" variant="light" disabled={!isAllowed} onClick={() => setOpened("test")}>
                  Send an example
                </Button>
                <Button size="xs" variant="default" disabled={!isAllowed} onClick={() => setOpened("change")}>
                  Change
                </Button>
                <Button size="xs" variant="default" disabled={!isAllowed} onClick={() => void turn(!endpoint.is_active)}>
                  {endpoint.is_active ? "Switch off" : "Switch on"}
                </Button>
                <Button size="xs" variant="default" disabled={!isAllowed} onClick={() => setOpened("rotate")}>
                  Rotate the secret
                </Button>
                <Button size="xs" variant="subtle" color="red.8" disabled={!isAllowed} onClick={() => setOpened("delete")}>
                  Remove
                </Button>
              </Group>
            )}
          </RoleGate>
          <Button size="xs" variant="subtle" aria-expanded={isLogOpen} onClick={() => setLogOpen(!isLogOpen)}>
            {isLogOpen ? "Hide what was sent" : "Show what was sent"}
          </Button>
        </Group>
        {isLogOpen && <EventWebhookLog endpoint={endpoint} />}
      </Stack>
      <Modal opened={opened === "change"} onClose={close} title="Change the address">
        <EventWebhookForm stored={endpoint} onDone={close} />
      </Modal>
      <Modal opened={opened === "test"} onClose={close} title="Send an example" size="lg">
        <EventWebhookTest endpoint={endpoint} />
      </Modal>
      <ConfirmDanger
        isOpen={opened === "rotate"}
        title="Rotate the signing secret?"
        action="Make a new secret"
        keep="Keep the old one"
        onClose={close}
        onConfirm={async () => {
          const { data } = await api.POST("/v1/webhook-endpoints/{endpoint_id}/rotate-secret", path);
          setRotated(data?.secret ?? "");
          await reload();
        }}
      >
        Requests are signed with the new and the old secret for 24 hours. A server that does not have the new one by then refuses what
        comes.
      </ConfirmDanger>
      <ConfirmDanger
        isOpen={opened === "delete"}
        title="Remove this address?"
        action="Remove the address"
        onClose={close}
        onConfirm={async () => {
          await api.DELETE("/v1/webhook-endpoints/{endpoint_id}", path);
          await reload();
        }}
      >
        {endpoint.url} is told nothing from now on. Its secret and its log of deliveries are lost; what waits is not sent.
      </ConfirmDanger>
    </Panel>
  );
}

function Head({ endpoint }: { endpoint: Endpoint }) {
  const [color, word] = BADGES[healthOf(endpoint)];
  return (
    <div>
      <Group gap="xs">
        <Title order={3} style={{ overflowWrap: "anywhere" }}>
          {endpoint.description || endpoint.url}
        </Title>
        <Badge color={color} variant="light">
          {word}
        </Badge>
      </Group>
      {endpoint.description && (
        <Text size="sm" ff="monospace" style={{ overflowWrap: "anywhere" }}>
          {endpoint.url}
        </Text>
      )}
      <Text size="sm" c="dimmed">
        {endpoint.event_types.join(", ")} · last delivered <RelativeTime at={endpoint.last_delivered_at} />
      </Text>
    </div>
  );
}

function Trouble({ endpoint }: { endpoint: Endpoint }) {
  const health = healthOf(endpoint);
  if (health === "gone") {
    return <Alert color="red">It answered 410: it wants no more messages, so we switched it off. Nothing is kept for it meanwhile.</Alert>;
  }
  if (health === "given up") {
    return (
      <Alert color="red">
        Nothing but failures for five days, so we switched it off. See below what it answered, mend it, send an example, switch it on.
      </Alert>
    );
  }
  if (health === "failing") {
    return (
      <Alert color="red">
        No attempt has succeeded since the first one failed, <RelativeTime at={endpoint.failing_since} />. After five days we switch the
        address off.
      </Alert>
    );
  }
  if (endpoint.previous_expires_at && Date.parse(endpoint.previous_expires_at) > Date.now()) {
    return (
      <Text size="sm" c="dimmed">
        The secret before signs, too, and ends <RelativeTime at={endpoint.previous_expires_at} />.
      </Text>
    );
  }
  return null;
}
