import { Button, Checkbox, Group, Modal, ScrollArea, Stack, Text, TextInput } from "@mantine/core";
import { useCallback, useState } from "react";
import { api, type Schemas } from "../../../api/api";
import { Form } from "../../../ui/Form";
import { Problem } from "../../../ui/Problem";
import { useSubmit } from "../../../ui/useSubmit";
import { useDraft } from "../draft/DraftProvider";
import { changedResource, mergedFields } from "./draftResources";

type ModelReply = Schemas["ModelReply"];

/** Reads a model's fields from the live backend and lets one pick (rule R2). */
export function ImportModel({
  isOpen,
  onClose,
  hasBackend,
  of = "",
}: {
  isOpen: boolean;
  onClose: () => void;
  hasBackend: boolean;
  /** The model of a resource that is there already. */
  of?: string;
}) {
  return (
    <Modal opened={isOpen} onClose={onClose} title={of ? `Import ${of} again` : "Import from backend"} size="lg">
      <ImportForm onClose={onClose} hasBackend={hasBackend} of={of} />
    </Modal>
  );
}

function ImportForm({ onClose, hasBackend, of }: { onClose: () => void; hasBackend: boolean; of: string }) {
  const { draft, patch } = useDraft();
  const resources = draft.resources ?? [];
  const [model, setModel] = useState(of);
  const [found, setFound] = useState<ModelReply | null>(null);
  const [chosen, setChosen] = useState<Set<string>>(new Set());
  const [filter, setFilter] = useState("");
  const name = model.trim();
  const existing = resources.find((item) => item.model === name);
  const { submit, isBusy, problem } = useSubmit(
    useCallback(async () => {
      const { data } = await api.GET("/v1/agents/{agent_id}/backend/models/{model}", {
        params: { path: { agent_id: draft.agent_id, model: name } },
      });
      if (!data) return;
      setFound(data);
      const known = new Set((existing?.fields ?? []).map((field) => field.name));
      setChosen(
        known.size > 0 ? known : new Set(data.fields.filter((field) => field.required && !field.readonly).map((field) => field.name)),
      );
    }, [draft.agent_id, name, existing]),
  );

  function take() {
    if (!found) return;
    const fields = found.fields.filter((field) => chosen.has(field.name)).map((field) => ({ ...field, description: "" }));
    const merged = mergedFields(
      (existing?.fields ?? []).filter((field) => chosen.has(field.name) || !found.fields.some((item) => item.name === field.name)),
      fields,
    );
    if (existing) patch(changedResource(resources, found.model, { fields: merged }));
    else {
      const fresh = {
        model: found.model,
        description: "",
        fields: merged,
        access: ["search_read" as const],
        base_domain: [],
        create_extra: {},
      };
      patch({ resources: [...resources, fresh] });
    }
    onClose();
  }

  function byHand() {
    patch({
      resources: [...resources, { model: name, description: "", fields: [], access: ["search_read"], base_domain: [], create_extra: {} }],
    });
    onClose();
  }

  const shown = (found?.fields ?? []).filter((field) => `${field.name} ${field.label}`.toLowerCase().includes(filter.toLowerCase()));
  return (
    <Stack>
      <Form onSubmit={() => name && submit()}>
        <Group align="flex-end">
          <TextInput
            label="Model"
            placeholder="sale.order"
            description="The technical name in Odoo, or the DocType in ERPNext."
            value={model}
            readOnly={of !== ""}
            onChange={(event) => {
              setModel(event.currentTarget.value);
              setFound(null);
            }}
            style={{ flex: 1 }}
            data-autofocus
          />
          <Button type="submit" loading={isBusy} disabled={!name || !hasBackend}>
            Read its fields
          </Button>
        </Group>
      </Form>
      {!hasBackend && (
        <Text size="sm" c="dimmed">
          No backend is connected, so there is nothing to read from. Connect one under Advanced, or describe the model by hand.
        </Text>
      )}
      <Problem text={problem} />
      {!found && name && !existing && (
        <Text size="sm" c="dimmed">
          Or{" "}
          <Button size="compact-xs" variant="default" onClick={byHand}>
            describe {name} by hand
          </Button>
        </Text>
      )}
      {found && (
        <>
          <Group justify="space-between" align="flex-end">
            <TextInput label="Filter" value={filter} onChange={(event) => setFilter(event.currentTarget.value)} />
            <Group gap="xs">
              <Text size="sm" c="dimmed" role="status">
                {chosen.size} of {found.fields.length} fields chosen
              </Text>
              <Button
                size="compact-sm"
                variant="subtle"
                onClick={() => setChosen(new Set([...chosen, ...shown.map((field) => field.name)]))}
              >
                {filter ? "Choose these" : "Choose all"}
              </Button>
              <Button size="compact-sm" variant="subtle" onClick={() => setChosen(new Set())}>
                None
              </Button>
            </Group>
          </Group>
          <ScrollArea.Autosize mah={320} type="auto" viewportProps={{ tabIndex: 0, role: "group", "aria-label": "Fields to import" }}>
            <Stack gap={6}>
              {shown.map((field) => (
                <Checkbox
                  key={field.name}
                  checked={chosen.has(field.name)}
                  onChange={(event) => {
                    const next = new Set(chosen);
                    if (event.currentTarget.checked) next.add(field.name);
                    else next.delete(field.name);
                    setChosen(next);
                  }}
                  label={`${field.name} · ${field.label}`}
                  description={[
                    field.type,
                    field.relation && `→ ${field.relation}`,
                    field.required && "required",
                    field.readonly && "read-only",
                  ]
                    .filter(Boolean)
                    .join(", ")}
                />
              ))}
            </Stack>
          </ScrollArea.Autosize>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button onClick={take} disabled={chosen.size === 0}>
              {existing ? `Update ${found.model}` : `Add ${found.model}`}
            </Button>
          </Group>
        </>
      )}
    </Stack>
  );
}
