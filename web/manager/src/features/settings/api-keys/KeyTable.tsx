import { Badge, Button, Group, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schemas } from "../../../api/api";
import { type CardColumn, CardTable } from "../../../ui/CardTable";
import { ConfirmDanger } from "../../../ui/ConfirmDanger";
import { RelativeTime } from "../../../ui/RelativeTime";
import { scopesInWords } from "./scopes";

type ApiKey = Schemas["ApiKeyReply"];

function stateOf(key: ApiKey): string {
  if (key.revoked_at) return "revoked";
  return key.expires_at && Date.parse(key.expires_at) < Date.now() ? "expired" : "";
}

export function KeyTable({ keys }: { keys: ApiKey[] }) {
  const queries = useQueryClient();
  const [revoked, setRevoked] = useState<ApiKey | null>(null);
  const columns: CardColumn<ApiKey>[] = [
    {
      id: "key",
      header: "Key",
      render: (key) => (
        <>
          <Group gap="xs">
            {key.name}
            {stateOf(key) && <Badge variant="default">{stateOf(key)}</Badge>}
          </Group>
          <Text size="xs" c="dimmed" ff="monospace">
            {key.prefix}…
          </Text>
        </>
      ),
    },
    { id: "scopes", header: "May", render: (key) => scopesInWords(key.scopes) },
    { id: "used", header: "Last used", render: (key) => <RelativeTime at={key.last_used_at} /> },
    { id: "made", header: "Made", render: (key) => <RelativeTime at={key.created_at} /> },
    {
      id: "revoke",
      header: "Revoke",
      isHeaderHidden: true,
      render: (key) =>
        !key.revoked_at && (
          <Button variant="subtle" color="red.8" onClick={() => setRevoked(key)}>
            Revoke
          </Button>
        ),
    },
  ];
  return (
    <>
      <CardTable caption="API keys" columns={columns} rows={keys} rowKey={(key) => key.id} />
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
    </>
  );
}
