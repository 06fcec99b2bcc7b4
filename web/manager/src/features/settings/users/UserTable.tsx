import { Badge, Button, Group, Switch, Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schemas } from "../../../api/api";
import { meQuery } from "../../../api/me";
import { waysQuery } from "../../../api/ways";
import { type CardColumn, CardTable } from "../../../ui/CardTable";
import { ConfirmDanger } from "../../../ui/ConfirmDanger";
import { tellProblem } from "../../../ui/notify";
import { RelativeTime } from "../../../ui/RelativeTime";
import { RoleSelect } from "./RoleSelect";

type User = Schemas["UserReply"];

export function UserTable({ users }: { users: User[] }) {
  const { data: me } = useQuery(meQuery);
  const queries = useQueryClient();
  const { data: ways } = useQuery(waysQuery);
  const [removed, setRemoved] = useState<User | null>(null);
  const [unlinked, setUnlinked] = useState<User | null>(null);
  const reload = () => queries.invalidateQueries({ queryKey: ["get", "/v1/users"] });

  async function change(user: User, body: Schemas["UserPatch"]) {
    try {
      await api.PATCH("/v1/users/{user_id}", { params: { path: { user_id: user.id } }, body });
    } catch (error) {
      tellProblem(error, `${user.email} is unchanged`);
    }
    await reload();
  }

  const columns: CardColumn<User>[] = [
    {
      id: "person",
      header: "Person",
      render: (user) => (
        <>
          <Group gap="xs">
            {user.name}
            {user.id === me?.id && <Badge variant="light">you</Badge>}
          </Group>
          {user.name !== user.email && (
            <Text size="xs" c="dimmed">
              {user.email}
            </Text>
          )}
        </>
      ),
    },
    {
      id: "role",
      header: "Role",
      render: (user) => (
        <RoleSelect aria-label={`Role of ${user.email}`} value={user.role} onChange={(role) => void change(user, { role })} maw={120} />
      ),
    },
    {
      id: "active",
      header: "May sign in",
      render: (user) =>
        user.id === me?.id ? (
          "Yes"
        ) : (
          <Switch
            aria-label={`${user.email} may sign in`}
            checked={user.is_active}
            onChange={(event) => void change(user, { is_active: event.currentTarget.checked })}
          />
        ),
    },
    { id: "added", header: "Added", render: (user) => <RelativeTime at={user.created_at} /> },
    {
      id: "remove",
      header: "Remove",
      isHeaderHidden: true,
      render: (user) =>
        user.id !== me?.id && (
          <Group gap={0} wrap="nowrap" justify="flex-end">
            {ways?.oidc && (
              <Button variant="subtle" onClick={() => setUnlinked(user)}>
                Unlink
              </Button>
            )}
            <Button variant="subtle" color="red.8" onClick={() => setRemoved(user)}>
              Remove
            </Button>
          </Group>
        ),
    },
  ];
  return (
    <>
      <CardTable caption="People of this workspace" columns={columns} rows={users} rowKey={(user) => user.id} />
      <ConfirmDanger
        isOpen={removed !== null}
        title={`Remove ${removed?.email}?`}
        action={`Remove ${removed?.email}`}
        onClose={() => setRemoved(null)}
        onConfirm={async () => {
          if (removed) await api.DELETE("/v1/users/{user_id}", { params: { path: { user_id: removed.id } } });
          await reload();
        }}
      >
        They are signed out everywhere at once. What they made stays; the audit log keeps their name.
      </ConfirmDanger>
      <ConfirmDanger
        isOpen={unlinked !== null}
        title={`Unlink the account of ${unlinked?.email}?`}
        action={`Unlink ${unlinked?.email}`}
        onClose={() => setUnlinked(null)}
        onConfirm={async () => {
          if (unlinked) await api.DELETE("/v1/users/{user_id}/identities", { params: { path: { user_id: unlinked.id } } });
        }}
      >
        The account at {ways?.oidc?.label} that they sign in with is forgotten, and they are signed out everywhere. The next account with
        their verified e-mail address is linked.
      </ConfirmDanger>
    </>
  );
}
