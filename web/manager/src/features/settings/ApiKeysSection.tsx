import { Anchor, Badge, Button, Group, Modal, MultiSelect, Select, Stack, Table, Text, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useCallback, useState } from "react";
import { $api, api, type Schemas } from "../../api/api";
import { ConfirmDanger } from "../../ui/ConfirmDanger";
import { EmptyState } from "../../ui/EmptyState";
import { ErrorState } from "../../ui/ErrorState";
import { Loading } from "../../ui/Loading";
import { Panel } from "../../ui/Panel";
import { Problem } from "../../ui/Problem";
import { RelativeTime } from "../../ui/RelativeTime";
import { RoleGate, useMay } from "../../ui/RoleGate";
import { useSubmit } from "../../ui/useSubmit";
import { Secret } from "./Secret";
import { Section } from "./Section";

type ApiKey = Schemas["ApiKeyReply"];
type Scope = NonNullable<Schemas["ApiKeyCreate"]["scopes"]>[number];

const SCOPES: { value: Scope; label: string }[] = [
  { value: "*", label: "Everything" },
  { value: "read", label: "Look" },
  { value: "write", label: "Change agents, numbers, integrations" },
  { value: "admin", label: "Also users and keys" },
  { value: "calls", label: "Make calls and browser sessions" },
];
const LIFETIMES = [
  { value: "", label: "Never expires" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "One year" },
];

export function ApiKeysSection() {
  const mayManage = useMay("owner");
  const keys = $api.useQuery("get", "/v1/api-keys", { params: { query: { limit: 200 } } }, { enabled: mayManage });
  const [isAdding, setAdding] = useState(false);
  return (
    <Section
      title="API keys"
      about={
        <>
          For programs that use the{" "}
          <Anchor href="/docs" underline="always" inherit>
            REST API
          </Anchor>
          , and for carriers' webhooks. A revoked key stops within two seconds.
        </>
      }
      action={
        <RoleGate needs="owner">
          {(isAllowed) => (
            <Button disabled={!isAllowed} onClick={() => setAdding(true)}>
              Make a key
            </Button>
          )}
        </RoleGate>
      }
    >
      {!mayManage ? (
        <Panel>
          <Text c="dimmed">Only owners see API keys.</Text>
        </Panel>
      ) : keys.error ? (
        <ErrorState error={keys.error} what="The list of keys" onRetry={keys.refetch} />
      ) : keys.data ? (
        keys.data.api_keys.length > 0 ? (
          <KeyTable keys={keys.data.api_keys} />
        ) : (
          <EmptyState title="No keys yet">A key lets a program read calls, change agents or start conversations.</EmptyState>
        )
      ) : (
        <Loading />
      )}
      <Modal opened={isAdding} onClose={() => setAdding(false)} title="Make an API key">
        <NewKey onClose={() => setAdding(false)} />
      </Modal>
    </Section>
  );
}

function stateOf(key: ApiKey): string {
  if (key.revoked_at) return "revoked";
  return key.expires_at && Date.parse(key.expires_at) < Date.now() ? "expired" : "";
}

function KeyTable({ keys }: { keys: ApiKey[] }) {
  const queries = useQueryClient();
  const [revoked, setRevoked] = useState<ApiKey | null>(null);
  return (
    <Panel p={0}>
      <Table.ScrollContainer minWidth={640}>
        <Table verticalSpacing="sm" horizontalSpacing="md">
          <caption className="visually-hidden">API keys</caption>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Key</Table.Th>
              <Table.Th>May</Table.Th>
              <Table.Th>Last used</Table.Th>
              <Table.Th>Made</Table.Th>
              <Table.Th>
                <span className="visually-hidden">Revoke</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {keys.map((key) => (
              <Table.Tr key={key.id}>
                <Table.Td>
                  <Group gap="xs">
                    {key.name}
                    {stateOf(key) && <Badge variant="default">{stateOf(key)}</Badge>}
                  </Group>
                  <Text size="xs" c="dimmed" ff="monospace">
                    {key.prefix}…
                  </Text>
                </Table.Td>
                <Table.Td>{key.scopes.map((scope) => SCOPES.find(({ value }) => value === scope)?.label ?? scope).join(", ")}</Table.Td>
                <Table.Td>
                  <RelativeTime at={key.last_used_at} />
                </Table.Td>
                <Table.Td>
                  <RelativeTime at={key.created_at} />
                </Table.Td>
                <Table.Td>
                  {!key.revoked_at && (
                    <Button variant="subtle" color="red.8" onClick={() => setRevoked(key)}>
                      Revoke
                    </Button>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <ConfirmDanger
        isOpen={revoked !== null}
        title={`Revoke ${revoked?.name}?`}
        action={`Revoke ${revoked?.name}`}
        onClose={() => setRevoked(null)}
        onConfirm={async () => {
          if (revoked) await api.DELETE("/v1/api-keys/{key_id}", { params: { path: { key_id: revoked.id } } });
          await queries.invalidateQueries({ queryKey: ["get", "/v1/api-keys"] });
        }}
      >
        Whatever uses it stops working within two seconds: programs, carriers' webhooks, browser sessions it started. It cannot be brought
        back.
      </ConfirmDanger>
    </Panel>
  );
}

function NewKey({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<Scope[]>(["*"]);
  const [days, setDays] = useState("");
  const [secret, setSecret] = useState("");
  const queries = useQueryClient();
  const action = useCallback(async () => {
    const expires_at = days ? new Date(Date.now() + Number(days) * 86_400_000).toISOString() : null;
    const { data } = await api.POST("/v1/api-keys", { body: { name, scopes, expires_at } });
    setSecret(data?.api_key ?? "");
    await queries.invalidateQueries({ queryKey: ["get", "/v1/api-keys"] });
  }, [name, scopes, days, queries]);
  const { submit, isBusy, problem, fieldError } = useSubmit(action);
  if (secret) {
    return (
      <Stack>
        <Secret value={secret} label="the key" use="Send it as the header x-api-key." />
        <Group justify="flex-end">
          <Button onClick={onClose}>I have copied it</Button>
        </Group>
      </Stack>
    );
  }
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Stack>
        <TextInput
          label="Name"
          description="What it is for, so that you know it again."
          required
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={fieldError("name")}
        />
        <MultiSelect
          label="It may"
          data={SCOPES}
          value={scopes}
          onChange={(value) => setScopes(value as Scope[])}
          error={fieldError("scopes")}
        />
        <Select label="Lifetime" data={LIFETIMES} value={days} onChange={(value) => setDays(value ?? "")} />
        <Problem text={problem} />
        <Group justify="flex-end">
          <Button type="submit" loading={isBusy} disabled={!name || scopes.length === 0}>
            Make the key
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
