import { Alert, Button, Group, NumberInput, PasswordInput, Select, Text, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { api, type Schemas } from "../../api/api";
import { Form } from "../../ui/Form";
import { tell } from "../../ui/notify";
import { Problem } from "../../ui/Problem";
import { useSubmit } from "../../ui/useSubmit";
import { type Field, type WorkingHours as Hours, initialValues, type Kind, type Preset, settingsOf, USUAL_HOURS } from "./kinds";
import { WorkingHours } from "./WorkingHours";

type Integration = Schemas["IntegrationReply"];
type Values = Record<string, string | number>;
type Tested = Schemas["IntegrationTested"];

interface IntegrationFormProps {
  kind: Kind;
  stored?: Integration | undefined;
  onDone: () => void;
}

/** Connects or changes one account; a connection by password is tried before it is saved (rule I4). */
export function IntegrationForm({ kind, stored, onDone }: IntegrationFormProps) {
  const [name, setName] = useState(stored?.name ?? kind.label);
  const [values, setValues] = useState<Values>(() => initialValues(kind, stored?.settings));
  const [hours, setHours] = useState<Hours>((stored?.settings.working_hours as Hours | undefined) ?? USUAL_HOURS);
  const [secret, setSecret] = useState("");
  const [tested, setTested] = useState<Tested | null>(null);
  const queries = useQueryClient();
  const isCalendar = kind.provider === "google" || kind.provider === "microsoft";
  const settings = { ...settingsOf(values, stored?.settings), ...(isCalendar ? { working_hours: hours } : {}) };
  const body = { provider: kind.provider, name, settings, secret: secret || null };

  const reload = useCallback(() => queries.invalidateQueries({ queryKey: ["get", "/v1/integrations"] }), [queries]);
  const save = useSubmit(async () => {
    if (stored) await api.PUT("/v1/integrations/{integration_id}", { params: { path: { integration_id: stored.id } }, body });
    else await api.POST("/v1/integrations", { body });
    await reload();
    tell(`${name} is ${stored ? "changed" : "connected"}.`);
    onDone();
  });
  const test = useSubmit(async () => {
    setTested(null);
    const { data } = await api.POST("/v1/integrations/test", { body });
    setTested(data ?? null);
  });
  const consent = useSubmit(async () => {
    const provider = kind.provider as Schemas["OAuthStart"]["provider"];
    const { data } = await api.POST("/v1/integrations/oauth", { body: { provider, name, settings } });
    if (data) window.open(data.authorize_url, "_blank", "noopener");
  });

  // The consent page is another tab: when the person comes back, the list may have grown.
  useEffect(() => {
    const look = () => void reload();
    window.addEventListener("focus", look);
    return () => window.removeEventListener("focus", look);
  }, [reload]);

  const fieldError = (field: string) => save.fieldError(field) ?? test.fieldError(field) ?? consent.fieldError(field);
  const needsConsent = kind.isOAuth && !stored;
  return (
    <Form onSubmit={() => (needsConsent ? consent : save).submit()}>
      <TextInput label="Name" required value={name} onChange={(event) => setName(event.currentTarget.value)} error={fieldError("name")} />
      {kind.presets && <Presets presets={kind.presets} onChoose={(chosen) => setValues((before) => ({ ...before, ...chosen }))} />}
      {kind.fields.map((field) => (
        <FieldInput
          key={field.name}
          field={field}
          value={values[field.name] ?? ""}
          onChange={(value) => setValues((before) => ({ ...before, [field.name]: value }))}
          error={fieldError(field.name)}
        />
      ))}
      {isCalendar && <WorkingHours hours={hours} onChange={setHours} />}
      {kind.secret && (
        <PasswordInput
          label={kind.secret}
          description={stored ? "Stored and never shown again. Leave it empty to keep it." : "Stored encrypted and never shown again."}
          autoComplete="off"
          required={!stored}
          value={secret}
          onChange={(event) => setSecret(event.currentTarget.value)}
          error={fieldError("secret")}
        />
      )}
      {tested && (
        <Alert color={tested.ok ? "signal" : "red"} title={tested.ok ? "It works" : "It does not work yet"} role="status">
          {tested.message}
          {tested.account && <Text size="sm">Account: {tested.account}</Text>}
        </Alert>
      )}
      <Problem text={save.problem || test.problem || consent.problem} />
      <Group justify="flex-end">
        {kind.secret && (
          <Button variant="default" loading={test.isBusy} onClick={() => void test.submit()}>
            Test before saving
          </Button>
        )}
        <Button type="submit" loading={save.isBusy || consent.isBusy}>
          {needsConsent
            ? `Continue at ${kind.provider === "microsoft" ? "Microsoft" : "Google"}`
            : stored
              ? "Save changes"
              : `Connect ${name}`}
        </Button>
      </Group>
    </Form>
  );
}

/** Fills in the servers of a well-known vendor (rule M1). */
function Presets({ presets, onChoose }: { presets: Preset[]; onChoose: (values: Values) => void }) {
  const [chosen, setChosen] = useState<Preset | null>(null);
  return (
    <div>
      <Group gap="xs">
        {presets.map((preset) => (
          <Button
            key={preset.label}
            size="xs"
            variant="default"
            aria-pressed={preset === chosen}
            onClick={() => {
              setChosen(preset);
              onChoose(preset.values);
            }}
          >
            Servers of {preset.label}
          </Button>
        ))}
      </Group>
      <Text size="sm" c="dimmed" mt={4} aria-live="polite">
        {chosen?.note}
      </Text>
    </div>
  );
}

interface FieldInputProps {
  field: Field;
  value: string | number;
  onChange: (value: string | number) => void;
  error: string | undefined;
}

function FieldInput({ field, value, onChange, error }: FieldInputProps) {
  const shared = { label: field.label, description: field.description, required: !field.isOptional, error };
  if (field.type === "number") return <NumberInput {...shared} value={value} min={0} allowDecimal={false} onChange={onChange} />;
  if (field.type === "choice")
    return <Select {...shared} data={field.choices ?? []} value={String(value)} onChange={(choice) => onChange(choice ?? "")} />;
  return <TextInput {...shared} type={field.type ?? "text"} value={value} onChange={(event) => onChange(event.currentTarget.value)} />;
}
