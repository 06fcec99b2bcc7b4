import { Group, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { Form } from "../../../ui/Form";
import { Page } from "../../../ui/Page";
import { RoleButton } from "../../../ui/RoleButton";
import { Section } from "../../../ui/Section";
import { useDraft } from "../draft/DraftProvider";
import { addedTool, type DraftTool, nameProblem, ownTool, type ToolKind } from "./draftTools";
import { TemplatePicker } from "./generate/TemplatePicker";
import { KindField } from "./KindField";
import { EMPTY_SCHEMA } from "./schema/parameters";

const NOWHERE = "";

/** A further tool: by name, or from a template of a resource. */
export function NewTool() {
  const { draft, patch, flush } = useDraft();
  const navigate = useNavigate();
  const search: { stage?: unknown } = useSearch({ strict: false });
  const stages = (draft.stages ?? []).map((stage) => stage.name);
  const asked = typeof search.stage === "string" && stages.includes(search.stage) ? search.stage : undefined;
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [kind, setKind] = useState<ToolKind>("code");
  const [stage, setStage] = useState(asked ?? draft.first_stage ?? stages[0] ?? NOWHERE);
  const [isTouched, setTouched] = useState(false);
  const problem = nameProblem(draft, name);

  async function add(tool: DraftTool) {
    patch(addedTool(draft, tool, stage === NOWHERE ? null : stage));
    void flush().catch(() => undefined);
    await navigate({ to: "/agents/$agentId/tools/$tool", params: { agentId: draft.agent_id, tool: tool.name }, replace: true });
  }

  return (
    <Page title="New tool" description="An action the model can call while it talks." width="text">
      <Stack>
        <Section title="By hand">
          <Form
            onSubmit={() => {
              setTouched(true);
              if (!problem) void add({ name, kind, description, parameters: EMPTY_SCHEMA, code: kind === "code" ? "" : null });
            }}
          >
            <TextInput
              label="Name"
              description="What the model calls it. A verb and a noun read best."
              placeholder="find_order"
              value={name}
              error={isTouched && problem}
              onBlur={() => setTouched(name !== "")}
              onChange={(event) => setName(event.currentTarget.value.replaceAll(" ", "_"))}
              data-autofocus
            />
            <Textarea
              label="Description"
              description="The model reads this to decide when to call the tool."
              placeholder="Find the customer's latest order. Call it when the caller asks where an order is."
              value={description}
              maxLength={10_000}
              onChange={(event) => setDescription(event.currentTarget.value)}
            />
            <KindField kind={kind} isExplained onChange={setKind} />
            <StageSelect stages={stages} value={stage} onChange={setStage} />
            <Group justify="flex-end">
              <RoleButton needs="editor" type="submit">
                {name && !problem ? `Add ${name}` : "Add tool"}
              </RoleButton>
            </Group>
          </Form>
        </Section>
        <Section title="From a template" description="Working code for one of your resources, without any AI.">
          <TemplatePicker
            action="Add this tool"
            onTemplate={(template) => {
              let free = template.name;
              for (let number = 2; ownTool(draft, free); number += 1) free = `${template.name.slice(0, 60)}_${number}`;
              void add({ ...template, name: free, kind: "code" });
            }}
          />
        </Section>
      </Stack>
    </Page>
  );
}

function StageSelect({ stages, value, onChange }: { stages: string[]; value: string; onChange: (stage: string) => void }) {
  if (stages.length === 0) return null;
  return (
    <Select
      label="Offer it in"
      data={[...stages.map((stage) => ({ value: stage, label: stage })), { value: NOWHERE, label: "No stage yet" }]}
      value={value}
      onChange={(stage) => onChange(stage ?? NOWHERE)}
    />
  );
}
