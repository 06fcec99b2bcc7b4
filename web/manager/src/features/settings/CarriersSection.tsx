import { Badge, Button, Group, PasswordInput, Text, TextInput, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useCallback, useState } from "react";
import { $api, api } from "../../api/api";
import { ConfirmDanger } from "../../ui/ConfirmDanger";
import { Form } from "../../ui/Form";
import { Loaded } from "../../ui/Loaded";
import { tell } from "../../ui/notify";
import { Panel } from "../../ui/Panel";
import { Problem } from "../../ui/Problem";
import { useMay } from "../../ui/RoleGate";
import { Section } from "../../ui/Section";
import { useSubmit } from "../../ui/useSubmit";

export function CarriersSection() {
  const carriers = $api.useQuery("get", "/v1/carriers");
  return (
    <Section
      title="Carriers"
      isBare
      description="Your own accounts at phone carriers. With them webhooks are verified, and calls can be made and moved. Secrets are never shown again."
    >
      <Loaded query={carriers} what="The carriers">
        {({ twilio, telnyx }) => (
          <>
            <Twilio accountSid={twilio?.account_sid ?? ""} isStored={twilio !== null} />
            <Telnyx publicKey={telnyx?.public_key ?? ""} isStored={telnyx !== null} hasApiKey={telnyx?.has_api_key ?? false} />
          </>
        )}
      </Loaded>
    </Section>
  );
}

interface CarrierFormProps {
  carrier: "twilio" | "telnyx";
  name: string;
  isStored: boolean;
  isReady: boolean;
  onSave: () => Promise<void>;
  children: (fieldError: (name: string) => string | undefined) => ReactNode;
}

function CarrierForm({ carrier, name, isStored, isReady, onSave, children }: CarrierFormProps) {
  const mayEdit = useMay("owner");
  const queries = useQueryClient();
  const [isRemoving, setRemoving] = useState(false);
  const action = useCallback(async () => {
    await onSave();
    await queries.invalidateQueries({ queryKey: ["get", "/v1/carriers"] });
    tell(`${name} is connected.`);
  }, [onSave, queries, name]);
  const { submit, isBusy, problem, fieldError } = useSubmit(action);
  return (
    <Panel>
      <Form onSubmit={submit}>
        <Group gap="xs">
          <Title order={3}>{name}</Title>
          {isStored && <Badge variant="light">connected</Badge>}
        </Group>
        {children(fieldError)}
        <Problem text={problem} />
        {!mayEdit && <Text c="dimmed">Only owners change carriers.</Text>}
        <Group justify="flex-end">
          {isStored && (
            <Button variant="subtle" color="red.8" disabled={!mayEdit} onClick={() => setRemoving(true)}>
              Disconnect
            </Button>
          )}
          <Button type="submit" loading={isBusy} disabled={!mayEdit || !isReady}>
            {isStored ? `Replace the ${name} account` : `Connect ${name}`}
          </Button>
        </Group>
      </Form>
      <ConfirmDanger
        isOpen={isRemoving}
        title={`Disconnect ${name}?`}
        action={`Disconnect ${name}`}
        onClose={() => setRemoving(false)}
        onConfirm={async () => {
          await api.DELETE("/v1/carriers/{carrier}", { params: { path: { carrier } } });
          await queries.invalidateQueries({ queryKey: ["get", "/v1/carriers"] });
        }}
      >
        Webhooks of {name} are no longer verified with your account, and calls cannot be transferred or made through it.
      </ConfirmDanger>
    </Panel>
  );
}

function Twilio({ accountSid, isStored }: { accountSid: string; isStored: boolean }) {
  const [sid, setSid] = useState(accountSid);
  const [token, setToken] = useState("");
  const save = useCallback(async () => {
    await api.PUT("/v1/carriers/twilio", { body: { account_sid: sid.trim(), auth_token: token } });
    setToken("");
  }, [sid, token]);
  return (
    <CarrierForm carrier="twilio" name="Twilio" isStored={isStored} isReady={sid !== "" && token !== ""} onSave={save}>
      {(fieldError) => (
        <>
          <TextInput
            label="Account SID"
            placeholder="AC…"
            value={sid}
            onChange={(event) => setSid(event.currentTarget.value)}
            error={fieldError("account_sid")}
          />
          <PasswordInput
            label="Auth token"
            autoComplete="off"
            placeholder={isStored ? "stored; type a new one to replace it" : ""}
            value={token}
            onChange={(event) => setToken(event.currentTarget.value)}
            error={fieldError("auth_token")}
          />
        </>
      )}
    </CarrierForm>
  );
}

function Telnyx({ publicKey, isStored, hasApiKey }: { publicKey: string; isStored: boolean; hasApiKey: boolean }) {
  const [key, setKey] = useState(publicKey);
  const [apiKey, setApiKey] = useState("");
  const save = useCallback(async () => {
    await api.PUT("/v1/carriers/telnyx", { body: { public_key: key.trim(), ...(apiKey ? { api_key: apiKey } : {}) } });
    setApiKey("");
  }, [key, apiKey]);
  return (
    <CarrierForm carrier="telnyx" name="Telnyx" isStored={isStored} isReady={key !== ""} onSave={save}>
      {(fieldError) => (
        <>
          <TextInput
            label="Public key"
            description="From Telnyx's portal, Keys & Credentials: it verifies that webhooks are theirs."
            value={key}
            onChange={(event) => setKey(event.currentTarget.value)}
            error={fieldError("public_key")}
          />
          <PasswordInput
            label="API key (optional)"
            autoComplete="off"
            placeholder={hasApiKey ? "stored; type a new one to replace it" : ""}
            value={apiKey}
            onChange={(event) => setApiKey(event.currentTarget.value)}
            error={fieldError("api_key")}
          />
        </>
      )}
    </CarrierForm>
  );
}
