import { Button, Group, Select, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, type Schemas } from "../../../../api/api";
import { Problem } from "../../../../ui/Problem";
import { TextLink } from "../../../../ui/TextLink";
import { useSubmit } from "../../../../ui/useSubmit";
import { useDraft } from "../../draft/DraftProvider";

type Action = Schemas["TemplateAsk"]["action"];
export type ToolTemplate = Schemas["TemplateReply"];

const ACTIONS: [Action, string, string][] = [
  ["search", "Find records", "search_read"],
  ["create", "Create a record", "create"],
  ["update", "Change a record", "write"],
  ["delete", "Delete a record", "delete"],
  ["call", "Call a method", "write"],
];

/** Ready-made code for a resource, without any AI. */
export function TemplatePicker({ onTemplate, action: verb }: { onTemplate: (template: ToolTemplate) => void; action: string }) {
  const { draft, flush } = useDraft();
  const resources = draft.resources ?? [];
  const [model, setModel] = useState<string | null>(resources[0]?.model ?? null);
  const [action, setAction] = useState<Action | null>(null);
  const [method, setMethod] = useState("");
  const resource = resources.find((item) => item.model === model);
  const allowed = ACTIONS.filter(([, , right]) => (resource?.access ?? []).some((item) => item === right));
  const chosen = allowed.find(([value]) => value === action)?.[0] ?? allowed[0]?.[0] ?? null;
  const { submit, isBusy, problem, fieldError } = useSubmit(async () => {
    if (!model || !chosen) return;
    await flush();
    const { data } = await api.POST("/v1/agents/{agent_id}/tools/template", {
      params: { path: { agent_id: draft.agent_id } },
      body: { model, action: chosen, method: chosen === "call" ? method : "" },
    });
    if (data) onTemplate(data);
  });

  if (resources.length === 0) {
    return (
      <Text>
        Templates are made for the resources of the agent, and it has none yet.{" "}
        <TextLink underline="always" to="/agents/$agentId/resources" params={{ agentId: draft.agent_id }}>
          Import one from your backend
        </TextLink>{" "}
        first.
      </Text>
    );
  }
  return (
    <div>
      <Group align="flex-end" gap="xs">
        <Select label="Resource" data={resources.map((item) => item.model)} value={model} onChange={setModel} error={fieldError("model")} />
        <Select
          label="What it does"
          data={allowed.map(([value, label]) => ({ value, label }))}
          value={chosen}
          onChange={(value) => setAction(value as Action | null)}
          error={fieldError("action")}
          disabled={allowed.length === 0}
        />
        {chosen === "call" && (
          <TextInput
            label="Method"
            placeholder="action_confirm"
            value={method}
            error={fieldError("method")}
            onChange={(event) => setMethod(event.currentTarget.value)}
          />
        )}
        <Button onClick={() => void submit()} loading={isBusy} disabled={!chosen}>
          {verb}
        </Button>
      </Group>
      {allowed.length === 0 && (
        <Text size="sm" c="dimmed" mt="xs">
          The resource {model} gives no access right yet; tick one under Resources.
        </Text>
      )}
      {!fieldError("model") && !fieldError("action") && !fieldError("method") && <Problem text={problem} />}
    </div>
  );
}
