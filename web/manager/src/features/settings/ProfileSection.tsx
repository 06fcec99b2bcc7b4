import { Button, Group, PasswordInput, Stack, TextInput, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useCallback, useEffect, useState } from "react";
import { $api, api } from "../../api/api";
import { ErrorState } from "../../ui/ErrorState";
import { Loading } from "../../ui/Loading";
import { tell } from "../../ui/notify";
import { Panel } from "../../ui/Panel";
import { Problem } from "../../ui/Problem";
import { useSubmit } from "../../ui/useSubmit";
import { Section } from "./Section";

export function ProfileSection() {
  const account = $api.useQuery("get", "/v1/me/account");
  return (
    <Section title="Profile" about="Your own name and password.">
      {account.error ? (
        <ErrorState error={account.error} what="Your account" onRetry={account.refetch} />
      ) : account.data ? (
        <>
          <NameForm name={account.data.name} email={account.data.email} role={account.data.role} />
          <PasswordForm />
        </>
      ) : (
        <Loading lines={3} />
      )}
    </Section>
  );
}

function NameForm({ name, email, role }: { name: string; email: string; role: string }) {
  const [value, setValue] = useState(name);
  const queries = useQueryClient();
  useEffect(() => setValue(name), [name]);
  const action = useCallback(async () => {
    await api.PATCH("/v1/me/account", { body: { name: value } });
    await queries.invalidateQueries({ queryKey: ["get", "/v1/me/account"] });
    tell("Your name is saved.");
  }, [value, queries]);
  const { submit, isBusy, problem, fieldError } = useSubmit(action);
  return (
    <Panel
      component="form"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Stack>
        <TextInput
          label="Name"
          required
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
          error={fieldError("name")}
        />
        <TextInput label="E-mail" value={email} readOnly description={`You sign in with it. Your role is ${role}.`} />
        <Problem text={problem} />
        <Group justify="flex-end">
          <Button type="submit" loading={isBusy} disabled={value === name || !value}>
            Save name
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}

function PasswordForm() {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const queries = useQueryClient();
  const action = useCallback(async () => {
    await api.PATCH("/v1/me/account", { body: { password: next, current_password: current } });
    tell("Your password is changed. Sign in with the new one.");
    await queries.invalidateQueries();
  }, [current, next, queries]);
  const { submit, isBusy, problem, fieldError } = useSubmit(action);
  return (
    <Panel
      component="form"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Stack>
        <Title order={3}>Password</Title>
        <PasswordInput
          label="Current password"
          autoComplete="current-password"
          required
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
          error={fieldError("current_password")}
        />
        <PasswordInput
          label="New password"
          autoComplete="new-password"
          description="At least 10 characters. Changing it signs you out everywhere."
          required
          minLength={10}
          value={next}
          onChange={(event) => setNext(event.currentTarget.value)}
          error={fieldError("password")}
        />
        <Problem text={problem} />
        <Group justify="flex-end">
          <Button type="submit" loading={isBusy} disabled={!current || next.length < 10}>
            Change password and sign out
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}
