import { Badge, Button, Group, Stack, Table, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { $api, api, type Schemas } from "../../api/api";
import { ConfirmDanger } from "../../ui/ConfirmDanger";
import { EmptyState } from "../../ui/EmptyState";
import { ErrorState } from "../../ui/ErrorState";
import { Loading } from "../../ui/Loading";
import { tellProblem } from "../../ui/notify";
import { Panel } from "../../ui/Panel";
import { RelativeTime } from "../../ui/RelativeTime";
import { RoleGate } from "../../ui/RoleGate";
import { Secret } from "./Secret";
import { Section } from "./Section";

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
      about="Tool webhooks carry the newest key and a signature made with it, so that your CRM knows who calls. A key that is replaced stays valid for a day."
      action={
        <RoleGate needs="owner">
          {(isAllowed) => (
            <Button disabled={!isAllowed} loading={isRotating} onClick={() => void rotate()}>
              {hasKeys ? "Rotate the key" : "Make a key"}
            </Button>
          )}
        </RoleGate>
      }
    >
      <Stack>
        {secret && <Secret value={secret} label="the webhook key" use="Give it to your CRM; it checks the header Authorization." />}
        {keys.error ? (
          <ErrorState error={keys.error} what="The webhook keys" onRetry={keys.refetch} />
        ) : !keys.data ? (
          <Loading lines={2} />
        ) : !hasKeys ? (
          <EmptyState title="No webhook key yet">Make one before an agent calls the webhooks of your CRM.</EmptyState>
        ) : (
          <Panel p={0}>
            <Table.ScrollContainer minWidth={480}>
              <Table verticalSpacing="sm" horizontalSpacing="md">
                <caption className="visually-hidden">Webhook keys that are valid now</caption>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Key</Table.Th>
                    <Table.Th>Made</Table.Th>
                    <Table.Th>Valid</Table.Th>
                    <Table.Th>
                      <span className="visually-hidden">Remove</span>
                    </Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {keys.data.webhook_keys.map((key, index) => (
                    <Table.Tr key={key.id}>
                      <Table.Td>
                        <Group gap="xs">
                          <Text ff="monospace" size="sm">
                            {key.prefix}…
                          </Text>
                          {index === 0 && <Badge variant="light">signs</Badge>}
                        </Group>
                      </Table.Td>
                      <Table.Td>
                        <RelativeTime at={key.created_at} />
                      </Table.Td>
                      <Table.Td>{key.expires_at ? <RelativeTime at={key.expires_at} /> : "until it is rotated"}</Table.Td>
                      <Table.Td>
                        <RoleGate needs="owner">
                          {(isAllowed) => (
                            <Button variant="subtle" color="red.8" disabled={!isAllowed} onClick={() => setRemoved(key)}>
                              Remove
                            </Button>
                          )}
                        </RoleGate>
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          </Panel>
        )}
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
