import { Button, Group, PasswordInput, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { api } from "../../../api/api";
import type { Role } from "../../../api/me";
import { waysQuery } from "../../../api/ways";
import { Form } from "../../../ui/Form";
import { Problem } from "../../../ui/Problem";
import { useSubmit } from "../../../ui/useSubmit";
import { RoleSelect } from "./RoleSelect";

/** Somebody who may sign in from now on. */
export function NewUser({ onDone }: { onDone: () => void }) {
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<Role>("editor");
  const queries = useQueryClient();
  const { data: ways } = useQuery(waysQuery);
  const action = useCallback(async () => {
    await api.POST("/v1/users", { body: { email, name, password: password || null, role } });
    await queries.invalidateQueries({ queryKey: ["get", "/v1/users"] });
    onDone();
  }, [email, name, password, role, queries, onDone]);
  const { submit, isBusy, problem, fieldError } = useSubmit(action);
  return (
    <Form onSubmit={submit}>
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
        description={`At least 10 characters. Tell it to them; they change it under Settings, Profile.${ways?.oidc ? ` Empty: they sign in with ${ways.oidc.label} only.` : ""}`}
        autoComplete="new-password"
        required={!ways?.oidc}
        minLength={10}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        error={fieldError("password")}
      />
      <RoleSelect label="Role" value={role} onChange={setRole} />
      <Problem text={problem} />
      <Group justify="flex-end">
        <Button type="submit" loading={isBusy}>
          Add {email || "this person"}
        </Button>
      </Group>
    </Form>
  );
}
