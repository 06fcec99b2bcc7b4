import { Button, Group, MultiSelect, Select, Stack, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { api } from "../../../api/api";
import { Form } from "../../../ui/Form";
import { Problem } from "../../../ui/Problem";
import { useSubmit } from "../../../ui/useSubmit";
import { Secret } from "../Secret";
import { SCOPES, type Scope } from "./scopes";

const LIFETIMES = [
  { value: "", label: "Never expires" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "One year" },
];

/** Makes a key and shows it this once. */
export function NewKey({ onClose }: { onClose: () => void }) {
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
    <Form onSubmit={submit}>
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
    </Form>
  );
}
