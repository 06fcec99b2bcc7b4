import { Badge, Button, Group, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { $api, api, type Schemas } from "../../api/api";
import { ConfirmDanger } from "../../ui/ConfirmDanger";
import { Form } from "../../ui/Form";
import { Loaded } from "../../ui/Loaded";
import { tell } from "../../ui/notify";
import { Panel } from "../../ui/Panel";
import { Problem } from "../../ui/Problem";
import { useMay } from "../../ui/RoleGate";
import { Section } from "../../ui/Section";
import { useSubmit } from "../../ui/useSubmit";
import { healthWords, KIND_WORDS, VENDORS } from "./providerWords";

type Health = Schemas["ProviderHealth"];

export function ProvidersSection() {
  const health = $api.useQuery("get", "/v1/providers/health", {}, { staleTime: 30_000 });
  const stored = $api.useQuery("get", "/v1/providers");
  return (
    <Section
      title="AI providers"
      isBare
      description="Who hears, thinks and speaks for your agents. Without any key the built-in engines do it offline; they are for trying out."
      actions={
        <Button variant="default" loading={health.isFetching} onClick={() => void health.refetch()}>
          Test all now
        </Button>
      }
    >
      <Loaded query={health} what="The state of the AI providers" lines={6}>
        {(checked) => (
          <Loaded query={stored} what="The list of keys" lines={6}>
            {(keys) => <Providers health={checked.providers} stored={keys.providers} />}
          </Loaded>
        )}
      </Loaded>
    </Section>
  );
}

function Providers({ health, stored }: { health: Health[]; stored: Schemas["ProviderReply"][] }) {
  const names = [...new Set([...Object.keys(VENDORS), ...health.map(({ provider }) => provider)])];
  return (
    <Stack gap="sm">
      {names.map((name) => (
        <Provider
          key={name}
          name={name}
          health={health.find(({ provider }) => provider === name)}
          stored={stored.find(({ provider }) => provider === name)}
        />
      ))}
    </Stack>
  );
}

function Provider({ name, health, stored }: { name: string; health: Health | undefined; stored: Schemas["ProviderReply"] | undefined }) {
  const [isOpen, setOpen] = useState(false);
  const [isRemoving, setRemoving] = useState(false);
  const mayEdit = useMay("owner");
  const queries = useQueryClient();
  const vendor = VENDORS[name];
  const state = healthWords(health);
  const reload = useCallback(
    () => queries.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[1]).startsWith("/v1/providers") }),
    [queries],
  );
  return (
    <Panel p="md">
      <Group justify="space-between" align="flex-start">
        <div>
          <Group gap="xs">
            <Title order={3}>{vendor?.label ?? name}</Title>
            <Badge variant="light" color={state.color}>
              {state.text}
            </Badge>
          </Group>
          <Text size="sm" c="dimmed">
            {(health?.kinds?.filter((kind) => kind.configured).map((kind) => KIND_WORDS[kind.kind]) ?? []).join(", ") || vendor?.about}
            {health && health.used_by.length > 0 && ` · used by ${health.used_by.join(", ")}`}
          </Text>
          {health?.error && (
            <Text size="sm" c="var(--mantine-color-error)">
              {health.error}
            </Text>
          )}
        </div>
        {vendor && (
          <Group gap="xs">
            {stored && (
              <Button variant="subtle" color="red.8" disabled={!mayEdit} onClick={() => setRemoving(true)}>
                Remove key
              </Button>
            )}
            <Button variant="default" disabled={!mayEdit} onClick={() => setOpen(!isOpen)} aria-expanded={isOpen}>
              {stored ? "Replace key" : "Add key"}
            </Button>
          </Group>
        )}
      </Group>
      {isOpen && <KeyForm name={name} baseUrl={stored?.base_url ?? ""} onDone={() => setOpen(false)} reload={reload} />}
      <ConfirmDanger
        isOpen={isRemoving}
        title={`Remove the key of ${vendor?.label ?? name}?`}
        action={`Remove the key of ${vendor?.label ?? name}`}
        onClose={() => setRemoving(false)}
        onConfirm={async () => {
          await api.DELETE("/v1/providers/{name}", { params: { path: { name } } });
          await reload();
        }}
      >
        {health && health.used_by.length > 0 ? `These agents use it: ${health.used_by.join(", ")}. ` : ""}
        Their next turns go to the fallbacks of the agent, or to the platform's own key when there is one.
      </ConfirmDanger>
    </Panel>
  );
}

function KeyForm({ name, baseUrl, onDone, reload }: { name: string; baseUrl: string; onDone: () => void; reload: () => Promise<void> }) {
  const [key, setKey] = useState("");
  const [url, setUrl] = useState(baseUrl);
  const action = useCallback(async () => {
    await api.PUT("/v1/providers/{name}", { params: { path: { name } }, body: { api_key: key, base_url: url || null } });
    await reload();
    tell(`The key of ${VENDORS[name]?.label ?? name} is stored and in use.`);
    onDone();
  }, [name, key, url, reload, onDone]);
  const { submit, isBusy, problem, fieldError } = useSubmit(action);
  return (
    <Form onSubmit={submit} mt="md">
      <PasswordInput
        label="API key"
        autoComplete="off"
        required
        value={key}
        onChange={(event) => setKey(event.currentTarget.value)}
        error={fieldError("api_key")}
      />
      <TextInput
        label="Address (optional)"
        description="Only for a server of your own that speaks this vendor's API, such as vLLM."
        placeholder="https://…"
        value={url}
        onChange={(event) => setUrl(event.currentTarget.value)}
        error={fieldError("base_url")}
      />
      <Problem text={problem} />
      <Group justify="flex-end">
        <Button type="submit" loading={isBusy} disabled={!key}>
          Store the key
        </Button>
      </Group>
    </Form>
  );
}
