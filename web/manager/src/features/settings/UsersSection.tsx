import { Badge, Button, Group, Modal, PasswordInput, Select, Stack, Switch, Table, Text, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useCallback, useState } from "react";
import { $api, api, type Schemas } from "../../api/api";
import { meQuery, type Role } from "../../api/me";
import { ConfirmDanger } from "../../ui/ConfirmDanger";
import { ErrorState } from "../../ui/ErrorState";
import { Loading } from "../../ui/Loading";
import { tellProblem } from "../../ui/notify";
import { Panel } from "../../ui/Panel";
import { Problem } from "../../ui/Problem";
import { RelativeTime } from "../../ui/RelativeTime";
import { RoleGate, useMay } from "../../ui/RoleGate";
import { useSubmit } from "../../ui/useSubmit";
import { Section } from "./Section";

type User = Schemas["UserReply"];

const ROLES: { value: Role; label: string }[] = [
  { value: "viewer", label: "Viewer: looks" },
  { value: "editor", label: "Editor: designs and deploys agents" },
  { value: "owner", label: "Owner: also people, keys and carriers" },
];

export function UsersSection() {
  const mayManage = useMay("owner");
  const users = $api.useQuery("get", "/v1/users", { params: { query: { limit: 200 } } }, { enabled: mayManage });
  const [isAdding, setAdding] = useState(false);
  return (
    <Section
      title="Users and roles"
      about="Who may sign in to this workspace, and what they may do."
      action={
        <RoleGate needs="owner">
          {(isAllowed) => (
            <Button disabled={!isAllowed} onClick={() => setAdding(true)}>
              Add a person
            </Button>
          )}
        </RoleGate>
      }
    >
      {!mayManage ? (
        <Panel>
          <Text c="dimmed">Only owners see the people of a workspace.</Text>
        </Panel>
      ) : users.error ? (
        <ErrorState error={users.error} what="The list of people" onRetry={users.refetch} />
      ) : users.data ? (
        <UserTable users={users.data.users} />
      ) : (
        <Loading />
      )}
      <Modal opened={isAdding} onClose={() => setAdding(false)} title="Add a person">
        <NewUser onDone={() => setAdding(false)} />
      </Modal>
    </Section>
  );
}

function UserTable({ users }: { users: User[] }) {
  const { data: me } = useQuery(meQuery);
  const queries = useQueryClient();
  const [removed, setRemoved] = useState<User | null>(null);
  const reload = () => queries.invalidateQueries({ queryKey: ["get", "/v1/users"] });

  async function change(user: User, body: Schemas["UserPatch"]) {
    try {
      await api.PATCH("/v1/users/{user_id}", { params: { path: { user_id: user.id } }, body });
    } catch (error) {
      tellProblem(error, `${user.email} is unchanged`);
    }
    await reload();
  }

  return (
    <Panel p={0}>
      <Table.ScrollContainer minWidth={640}>
        <Table verticalSpacing="sm" horizontalSpacing="md">
          <caption className="visually-hidden">People of this workspace</caption>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Person</Table.Th>
              <Table.Th>Role</Table.Th>
              <Table.Th>May sign in</Table.Th>
              <Table.Th>Added</Table.Th>
              <Table.Th>
                <span className="visually-hidden">Remove</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {users.map((user) => (
              <Table.Tr key={user.id}>
                <Table.Td>
                  <Group gap="xs">
                    {user.name}
                    {user.id === me?.id && <Badge variant="light">you</Badge>}
                  </Group>
                  <Text size="xs" c="dimmed">
                    {user.email}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <Select
                    aria-label={`Role of ${user.email}`}
                    data={ROLES}
                    value={user.role}
                    onChange={(role) => role && void change(user, { role: role as Role })}
                    w={260}
                  />
                </Table.Td>
                <Table.Td>
                  <Switch
                    aria-label={`${user.email} may sign in`}
                    checked={user.is_active}
                    disabled={user.id === me?.id}
                    onChange={(event) => void change(user, { is_active: event.currentTarget.checked })}
                  />
                </Table.Td>
                <Table.Td>
                  <RelativeTime at={user.created_at} />
                </Table.Td>
                <Table.Td>
                  <Button variant="subtle" color="red.8" disabled={user.id === me?.id} onClick={() => setRemoved(user)}>
                    Remove
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
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
    </Panel>
  );
}

function NewUser({ onDone }: { onDone: () => void }) {
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<Role>("editor");
  const queries = useQueryClient();
  const action = useCallback(async () => {
    await api.POST("/v1/users", { body: { email, name, password, role } });
    await queries.invalidateQueries({ queryKey: ["get", "/v1/users"] });
    onDone();
  }, [email, name, password, role, queries, onDone]);
  const { submit, isBusy, problem, fieldError } = useSubmit(action);
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Stack>
        <TextInput
          label="E-mail"
          type="email"
          required
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          error={fieldError("email")}
        />
        <TextInput label="Name" value={name} onChange={(event) => setName(event.currentTarget.value)} error={fieldError("name")} />
        <PasswordInput
          label="First password"
          description="At least 10 characters. Tell it to them; they change it under Settings, Profile."
          autoComplete="new-password"
          required
          minLength={10}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={fieldError("password")}
        />
        <Select label="Role" data={ROLES} value={role} onChange={(value) => value && setRole(value as Role)} />
        <Problem text={problem} />
        <Group justify="flex-end">
          <Button type="submit" loading={isBusy}>
            Add {email || "this person"}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
