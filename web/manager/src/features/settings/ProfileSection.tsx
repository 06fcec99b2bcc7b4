import { Button, Group, PasswordInput, TextInput, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { $api, api } from "../../api/api";
import { meQuery } from "../../api/me";
import { Form } from "../../ui/Form";
import { Loaded } from "../../ui/Loaded";
import { tell } from "../../ui/notify";
import { Panel } from "../../ui/Panel";
import { Problem } from "../../ui/Problem";
import { Section } from "../../ui/Section";
import { useSubmit } from "../../ui/useSubmit";

export function ProfileSection() {
  const account = $api.useQuery("get", "/v1/me/account");
  return (
    <Section title="Profile" isBare description="Your own name and password.">
      <Loaded query={account} what="Your account" lines={3}>
        {(data) => (
          <>
            <NameForm name={data.name} email={data.email} role={data.role} />
            {data.has_password && <PasswordForm />}
          </>
        )}
      </Loaded>
    </Section>
  );
}

function NameForm({ name, email, role }: { name: string; email: string; role: string }) {
  const [value, setValue] = useState(name);
  const queries = useQueryClient();
  useEffect(() => setValue(name), [name]);
  const action = useCallback(async () => {
    await api.PATCH("/v1/me/account", { body: { name: value } });
    await Promise.all([
      queries.invalidateQueries({ queryKey: ["get", "/v1/me/account"] }),
      queries.invalidateQueries({ queryKey: meQuery.queryKey }),
    ]);
    tell("Your name is saved.");
  }, [value, queries]);
  const { submit, isBusy, problem, fieldError } = useSubmit(action);
  return (
    <Panel>
      <Form onSubmit={submit}>
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
      </Form>
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
    <Panel>
      <Form onSubmit={submit}>
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
      </Form>
    </Panel>
  );
}
