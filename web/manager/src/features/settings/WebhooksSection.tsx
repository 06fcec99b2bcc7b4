import { Badge, Group, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { $api, api, type Schemas } from "../../api/api";
import { type CardColumn, CardTable } from "../../ui/CardTable";
import { ConfirmDanger } from "../../ui/ConfirmDanger";
import { EmptyState } from "../../ui/EmptyState";
import { Loaded } from "../../ui/Loaded";
import { tellProblem } from "../../ui/notify";
import { RelativeTime } from "../../ui/RelativeTime";
import { RoleButton } from "../../ui/RoleButton";
import { Section } from "../../ui/Section";
import { Secret } from "./Secret";

type WebhookKey = Schemas["WebhookKeyReply"];

export function WebhooksSection() {
  const keys = $api.useQuery("get", "/v1/tenant/webhook-keys");
  const queries = useQueryClient();
  const [secret, setSecret] = useState("");
  const [isRotating, setRotating] = useState(false);
  const [removed, setRemoved] = useState<WebhookKey | null>(null);
  const reload = () => queries.invalidateQueries({ queryKey: ["get", "/v1/tenant/webhook-keys"] });

  async function rotate() {
    setRotating(true);
    try {
      const { data } = await api.POST("/v1/tenant/webhook-keys", { body: {} });
      setSecret(data?.webhook_key ?? "");
      await reload();
    } catch (error) {
      tellProblem(error, "No new key was made");
    } finally {
      setRotating(false);
    }
  }

  const hasKeys = (keys.data?.webhook_keys.length ?? 0) > 0;
  return (
    <Section
      title="Webhook keys"
      isBare
      description="Tool webhooks carry the newest key and a signature made with it, so that your CRM knows who calls. A key that is replaced stays valid for a day."
      actions={
        <RoleButton needs="owner" loading={isRotating} onClick={() => void rotate()}>
          {hasKeys ? "Rotate the key" : "Make a key"}
        </RoleButton>
      }
    >
      <Stack>
        {secret && <Secret value={secret} label="the webhook key" use="Give it to your CRM; it checks the header Authorization." />}
        <Loaded query={keys} what="The webhook keys" lines={2}>
          {({ webhook_keys: list }) =>
            list.length > 0 ? (
              <CardTable
                caption="Webhook keys that are valid now"
                columns={columnsOf(list[0], setRemoved)}
                rows={list}
                rowKey={(key) => key.id}
              />
            ) : (
              <EmptyState title="No webhook key yet">Make one before an agent calls the webhooks of your CRM.</EmptyState>
            )
          }
        </Loaded>
      </Stack>
      <ConfirmDanger
        isOpen={removed !== null}
        title={`Remove ${removed?.prefix}…?`}
        action="Remove this key"
        onClose={() => setRemoved(null)}
        onConfirm={async () => {
          if (removed) await api.DELETE("/v1/tenant/webhook-keys/{key_id}", { params: { path: { key_id: removed.id } } });
          await reload();
        }}
      >
        A CRM that still checks for it refuses the tools of your agents from now on.
      </ConfirmDanger>
    </Section>
  );
}

/** The newest key signs. */
function columnsOf(newest: WebhookKey | undefined, onRemove: (key: WebhookKey) => void): CardColumn<WebhookKey>[] {
  return [
    {
      id: "key",
      header: "Key",
      render: (key) => (
        <Group gap="xs">
          <Text ff="monospace" size="sm">
            {key.prefix}…
          </Text>
          {key === newest && <Badge variant="light">signs</Badge>}
        </Group>
      ),
    },
    { id: "made", header: "Made", render: (key) => <RelativeTime at={key.created_at} /> },
    { id: "valid", header: "Valid", render: (key) => (key.expires_at ? <RelativeTime at={key.expires_at} /> : "until it is rotated") },
    {
      id: "remove",
      header: "Remove",
      isHeaderHidden: true,
      render: (key) => (
        <RoleButton needs="owner" variant="subtle" color="red.8" onClick={() => onRemove(key)}>
          Remove
        </RoleButton>
      ),
    },
  ];
}
