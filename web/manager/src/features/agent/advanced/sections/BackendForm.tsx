import { Button, Group, PasswordInput, SegmentedControl, Stack, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useCallback, useState } from "react";
import { api, type Schemas } from "../../../../api/api";
import { ConfirmDanger } from "../../../../ui/ConfirmDanger";
import { tell } from "../../../../ui/notify";
import { Problem } from "../../../../ui/Problem";
import { RelativeTime } from "../../../../ui/RelativeTime";
import { useSubmit } from "../../../../ui/useSubmit";
import { useDraft } from "../../draft/DraftProvider";
import { urlProblem } from "../settings/checks";
import { Tested } from "../settings/Tested";

type Put = Schemas["BackendPut"];

/** The connection, with its secret write-only (rules T4, I4, AC5). */
export function BackendForm({ stored }: { stored: Schemas["BackendReply"] | null }) {
  const { draft, isReadOnly } = useDraft();
  const queries = useQueryClient();
  const [kind, setKind] = useState<Put["kind"]>(stored?.kind ?? "odoo");
  const [url, setUrl] = useState(stored?.url ?? "");
  const [database, setDatabase] = useState(stored?.database ?? "");
  const [login, setLogin] = useState(stored?.login ?? "");
  const [secret, setSecret] = useState("");
  const [tested, setTested] = useState<Schemas["BackendTested"] | null>(null);
  const [isAsked, ask] = useDisclosure(false);
  const path = { agent_id: draft.agent_id };
  const body: Put = {
    kind,
    url: url.trim(),
    database: kind === "odoo" ? database : null,
    login: login || null,
    ...(secret ? { api_key: secret } : {}),
  };
  const isComplete = body.url !== "" && urlProblem(body.url) === "" && (kind === "erpnext" || (database !== "" && login !== ""));
  const reload = useCallback(() => queries.invalidateQueries({ queryKey: ["get", "/v1/agents/{agent_id}/backend"] }), [queries]);

  const save = useSubmit(async () => {
    await api.PUT("/v1/agents/{agent_id}/backend", { params: { path }, body });
    setSecret("");
    tell("The backend connection is stored.");
    await reload();
  });
  const test = useSubmit(async () => {
    setTested(null);
    const { data } = await api.POST("/v1/agents/{agent_id}/backend/test", { params: { path }, body });
    setTested(data ?? null);
  });
  const fieldError = (field: string) => save.fieldError(field) ?? test.fieldError(field);

  return (
    <Stack
      component="form"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void save.submit();
      }}
    >
      <SegmentedControl
        aria-label="Kind of backend"
        value={kind}
        disabled={isReadOnly}
        onChange={(value) => setKind(value === "erpnext" ? "erpnext" : "odoo")}
        style={{ alignSelf: "flex-start" }}
        data={[
          { value: "odoo", label: "Odoo" },
          { value: "erpnext", label: "ERPNext" },
        ]}
      />
      <TextInput
        label="Address"
        placeholder={kind === "odoo" ? "https://company.odoo.com" : "https://erp.example.com"}
        value={url}
        required
        readOnly={isReadOnly}
        error={fieldError("url")}
        onChange={(event) => setUrl(event.currentTarget.value)}
      />
      <Group grow align="flex-start">
        {kind === "odoo" && (
          <TextInput
            label="Database"
            value={database}
            required
            readOnly={isReadOnly}
            error={fieldError("database")}
            onChange={(event) => setDatabase(event.currentTarget.value)}
          />
        )}
        <TextInput
          label={kind === "odoo" ? "User" : "API key"}
          value={login}
          required={kind === "odoo"}
          readOnly={isReadOnly}
          error={fieldError("login")}
          onChange={(event) => setLogin(event.currentTarget.value)}
        />
      </Group>
      <PasswordInput
        label={kind === "odoo" ? "Password or API key" : "API secret"}
        description={
          stored ? (
            <>
              One is stored; it is never shown. Leave this empty to keep it. Changed <RelativeTime at={stored.updated_at} />.
            </>
          ) : (
            "Stored encrypted and never shown again."
          )
        }
        value={secret}
        autoComplete="new-password"
        readOnly={isReadOnly}
        error={fieldError("api_key") ?? fieldError("password")}
        onChange={(event) => setSecret(event.currentTarget.value)}
      />
      <Tested result={tested} refused="The backend refused" details={tested?.version ? `Version ${tested.version}` : undefined} />
      <Problem text={save.problem || test.problem} />
      {!isReadOnly && (
        <Group justify="space-between">
          <Group gap="xs">
            <Button type="submit" loading={save.isBusy} disabled={!isComplete}>
              {stored ? "Store changes" : "Connect"}
            </Button>
            <Button variant="default" onClick={() => void test.submit()} loading={test.isBusy} disabled={!isComplete}>
              Test connection
            </Button>
          </Group>
          {stored && (
            <Button variant="subtle" color="red.8" onClick={ask.open}>
              Disconnect
            </Button>
          )}
        </Group>
      )}
      {stored && (
        <ConfirmDanger
          isOpen={isAsked}
          title={`Disconnect ${stored.url}?`}
          action="Disconnect"
          onConfirm={async () => {
            await api.DELETE("/v1/agents/{agent_id}/backend", { params: { path } });
            await queries.resetQueries({ queryKey: ["get", "/v1/agents/{agent_id}/backend"] });
            tell("The backend is disconnected.");
          }}
          onClose={ask.close}
        >
          The address and its secret are lost. From this moment the agent's tools cannot reach it, in live calls too, and callers are no
          longer recognised.
        </ConfirmDanger>
      )}
    </Stack>
  );
}
