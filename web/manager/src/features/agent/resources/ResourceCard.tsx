import { Button, Checkbox, Group, Stack, Text, Textarea } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { Schemas } from "../../../api/api";
import { ConfirmDanger } from "../../../ui/ConfirmDanger";
import { Section } from "../../../ui/Section";
import { TextLink } from "../../../ui/TextLink";
import { JsonField } from "../advanced/settings/JsonField";
import { problemOfField } from "../advanced/settings/typed";
import { useDraft } from "../draft/DraftProvider";
import { objectFrom } from "../tools/try/arguments";
import { ACCESS_WORDS, type Access, changedResource, domainFrom, type Resource, toolsUsing } from "./draftResources";
import { FieldTable } from "./FieldTable";
import { ImportModel } from "./ImportModel";

interface ResourceCardProps {
  resource: Resource;
  effects: Schemas["ToolEffectsReply"][];
  isReadOnly: boolean;
}

/** One model: its description, rights and fields. */
export function ResourceCard({ resource, effects, isReadOnly }: ResourceCardProps) {
  const { draft, patch, problem } = useDraft();
  const [isAsked, ask] = useDisclosure(false);
  const [isImporting, importing] = useDisclosure(false);
  const resources = draft.resources ?? [];
  const change = (changes: Partial<Resource>) => patch(changedResource(resources, resource.model, changes));
  const tools = toolsUsing(effects, resource.model);
  return (
    <Section
      title={resource.model}
      description={<UsedBy tools={tools} agentId={draft.agent_id} />}
      actions={
        !isReadOnly && (
          <>
            <Button variant="default" onClick={importing.open}>
              Import again
            </Button>
            <Button variant="subtle" color="red.8" onClick={ask.open} aria-label={`Remove ${resource.model}`}>
              Remove
            </Button>
          </>
        )
      }
    >
      <Stack>
        <Textarea
          label="Description"
          description="What it is in your business, for the model that writes the code."
          value={resource.description ?? ""}
          readOnly={isReadOnly}
          maxLength={10_000}
          onChange={(event) => change({ description: event.currentTarget.value })}
        />
        <Checkbox.Group
          label="What tools may do with it"
          description="Generated code keeps to it, and says when it goes beyond."
          value={resource.access ?? []}
          onChange={(access) => change({ access: access as Access[] })}
        >
          <Group mt="xs">
            {(Object.keys(ACCESS_WORDS) as Access[]).map((access) => (
              <Checkbox key={access} value={access} label={ACCESS_WORDS[access]} disabled={isReadOnly} />
            ))}
          </Group>
        </Checkbox.Group>
        <FieldTable
          fields={resource.fields ?? []}
          model={resource.model}
          isReadOnly={isReadOnly}
          onChange={(fields) => change({ fields })}
        />
        <Group grow align="flex-start" preventGrowOverflow={false}>
          <JsonField
            label="Base domain"
            description="Conditions that every search has."
            value={resource.base_domain ?? []}
            read={domainFrom}
            isReadOnly={isReadOnly}
            onChange={(base_domain) => change({ base_domain })}
          />
          <JsonField
            label="Create extra"
            description="Values that every new record gets."
            value={resource.create_extra ?? {}}
            read={objectFrom}
            isReadOnly={isReadOnly}
            onChange={(create_extra) => change({ create_extra })}
          />
        </Group>
        {problemOfField(problem, "resources") && (
          <Text c="var(--mantine-color-error)" role="alert">
            {problemOfField(problem, "resources")}
          </Text>
        )}
      </Stack>
      <ImportModel isOpen={isImporting} onClose={importing.close} hasBackend of={resource.model} />
      <ConfirmDanger
        isOpen={isAsked}
        title={`Remove ${resource.model}?`}
        action={`Remove ${resource.model}`}
        onConfirm={async () => patch({ resources: resources.filter((item) => item.model !== resource.model) })}
        onClose={ask.close}
      >
        Its description, {(resource.fields ?? []).length} fields and rights are lost. Code that is written already goes on working; Generate
        no longer knows the model.
      </ConfirmDanger>
    </Section>
  );
}

function UsedBy({ tools, agentId }: { tools: string[]; agentId: string }) {
  if (tools.length === 0) return "No tool's code uses it yet.";
  return (
    <>
      Used by{" "}
      {tools.map((tool, place) => (
        <span key={tool}>
          {place > 0 && ", "}
          <TextLink underline="always" to="/agents/$agentId/tools/$tool" params={{ agentId, tool }}>
            {tool}
          </TextLink>
        </span>
      ))}
      ; generate their code anew after a change.
    </>
  );
}
