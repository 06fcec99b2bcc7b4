import { Badge, Button, Group, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useCallback, useState } from "react";
import { $api, api, type Schemas } from "../../api/api";
import { ConfirmDanger } from "../../ui/ConfirmDanger";
import { ErrorState } from "../../ui/ErrorState";
import { Loading } from "../../ui/Loading";
import { tell } from "../../ui/notify";
import { Panel } from "../../ui/Panel";
import { Problem } from "../../ui/Problem";
import { useMay } from "../../ui/RoleGate";
import { useSubmit } from "../../ui/useSubmit";
import { healthWords, KIND_WORDS, VENDORS } from "./providerWords";
import { Section } from "./Section";

type Health = Schemas["ProviderHealth"];

export function ProvidersSection() {
  const health = $api.useQuery("get", "/v1/providers/health", {}, { staleTime: 30_000 });
  const stored = $api.useQuery("get", "/v1/providers");
  if (health.error) return <ErrorState error={health.error} what="The AI providers" onRetry={health.refetch} />;
  const known = new Map((health.data?.providers ?? []).map((provider) => [provider.provider, provider]));
  const names = [...new Set([...Object.keys(VENDORS), ...known.keys()])];
  return (
    <Section
      title="AI providers"
      about="Who hears, thinks and speaks for your agents. Without any key the built-in engines do it offline; they are for trying out."
      action={
        <Button variant="default" loading={health.isFetching} onClick={() => void health.refetch()}>
          Test all now
        </Button>
      }
    >
      {health.data && stored.data ? (
        <Stack gap="sm">
          {names.map((name) => (
            <Provider
              key={name}
              name={name}
              health={known.get(name)}
              stored={stored.data.providers.find((provider) => provider.provider === name)}
            />
          ))}
        </Stack>
      ) : (
        <Loading lines={6} />
      )}
    </Section>
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
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Stack mt="md">
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
      </Stack>
    </form>
  );
}
