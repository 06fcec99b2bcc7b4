import { Button, Group, NumberInput, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { tell } from "../../../ui/notify";
import { Section } from "../../../ui/Section";
import { useDraft } from "../draft/DraftProvider";
import { type DraftTool, nameProblem, promptsNaming, renamedTool, type ToolKind, usesOf } from "./draftTools";
import { KindField } from "./KindField";

interface DefinitionSectionProps {
  tool: DraftTool;
  kind: ToolKind;
  onChange: (changes: Partial<DraftTool>) => void;
  isReadOnly: boolean;
}

/** What the model reads about the tool, and how it runs. */
export function DefinitionSection({ tool, kind, onChange, isReadOnly }: DefinitionSectionProps) {
  return (
    <Section title="Definition">
      <Stack gap="md">
        <NameField tool={tool} isReadOnly={isReadOnly} />
        <Textarea
          label="Description"
          description="The model reads this to decide when to call the tool. Say what it does and when to use it."
          placeholder="Find the customer's latest order. Call it when the caller asks where an order is."
          value={tool.description ?? ""}
          maxLength={10_000}
          readOnly={isReadOnly}
          onChange={(event) => onChange({ description: event.currentTarget.value })}
          error={(tool.description ?? "").trim() ? null : "Without a description the model does not know when to call it."}
        />
        <Group align="flex-start" gap="xl">
          <KindField kind={kind} isReadOnly={isReadOnly} onChange={(value) => onChange({ kind: value })} />
          <NumberInput
            label="Time limit"
            description={kind === "code" ? "10 s when empty; 3 s while it preloads." : "9 s when empty."}
            suffix=" s"
            min={0.1}
            max={60}
            decimalScale={1}
            w={260}
            value={tool.timeout_s ?? ""}
            readOnly={isReadOnly}
            clampBehavior="blur"
            onChange={(value) => {
              if (value === "") onChange({ timeout_s: null });
              else if (typeof value === "number" && value > 0 && value <= 60) onChange({ timeout_s: value });
            }}
          />
        </Group>
      </Stack>
    </Section>
  );
}

function NameField({ tool, isReadOnly }: { tool: DraftTool; isReadOnly: boolean }) {
  const { draft, patch, flush } = useDraft();
  const navigate = useNavigate();
  const [typed, setTyped] = useState(tool.name);
  const isChanged = typed !== tool.name;
  const problem = isChanged ? nameProblem(draft, typed, tool.name) : "";
  const uses = usesOf(draft, tool.name);
  const prompts = promptsNaming(draft, tool.name);

  async function rename() {
    patch(renamedTool(draft, tool.name, typed));
    tell(`${tool.name} is now ${typed}.`);
    void flush().catch(() => undefined);
    await navigate({ to: "/agents/$agentId/tools/$tool", params: { agentId: draft.agent_id, tool: typed }, replace: true });
  }

  return (
    <div>
      <Group align="flex-end" gap="xs" wrap="nowrap">
        <TextInput
          label="Name"
          value={typed}
          readOnly={isReadOnly}
          error={Boolean(problem)}
          style={{ flex: 1 }}
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
          onChange={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && isChanged && !problem) void rename();
            if (event.key === "Escape") setTyped(tool.name);
          }}
        />
        {isChanged && (
          <Button onClick={rename} disabled={Boolean(problem)}>
            Rename
          </Button>
        )}
      </Group>
      {problem && (
        <Text size="xs" c="var(--mantine-color-error)" mt={4} role="alert">
          {problem}
        </Text>
      )}
      {isChanged && !problem && (
        <Text size="xs" c="dimmed" mt={4} role="status">
          {renameWords(uses.stages.length, uses.stages.filter((use) => use.transition).length, uses.isPreload)}
          {prompts.length > 0 && ` The text of ${prompts.join(", ")} names ${tool.name}; change it there yourself.`}
        </Text>
      )}
    </div>
  );
}

function renameWords(stages: number, transitions: number, isPreload: boolean): string {
  const parts = [
    stages > 0 ? `${stages} ${stages === 1 ? "stage" : "stages"}` : "",
    transitions > 0 ? `${transitions} ${transitions === 1 ? "transition" : "transitions"}` : "",
    isPreload ? "the preload" : "",
  ].filter(Boolean);
  return parts.length > 0 ? `Follows in ${parts.join(", ")}.` : "Nothing else uses the old name.";
}
