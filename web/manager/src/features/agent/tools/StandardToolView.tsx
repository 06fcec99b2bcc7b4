import { Badge, Stack } from "@mantine/core";
import type { Schemas } from "../../../api/api";
import { Page } from "../../../ui/Page";
import { RoleButton } from "../../../ui/RoleButton";
import { useMay } from "../../../ui/RoleGate";
import { Section } from "../../../ui/Section";
import { useDraft } from "../draft/DraftProvider";
import { RunHistory } from "./runs/RunHistory";
import { ParameterTable } from "./schema/ParameterTable";
import styles from "./ToolPage.module.css";
import { TryPanel } from "./try/TryPanel";
import { UsesSection } from "./UsesSection";
import { WebhookSection } from "./WebhookSection";

/** A tool of the platform: to read, to offer, and to make one's own. */
export function StandardToolView({ tool }: { tool: Schemas["StandardTool"] }) {
  const { draft, patch } = useDraft();
  const mayEdit = useMay("editor");
  const isWebhook = tool.kind === "webhook";
  const customise = () =>
    patch({
      tool_definitions: [
        ...(draft.tool_definitions ?? []),
        { name: tool.name, kind: "webhook", description: tool.description, parameters: tool.parameters, code: null },
      ],
    });
  return (
    <Page
      title={tool.name}
      description={tool.description}
      actions={
        <>
          <Badge variant="light">{isWebhook ? "Standard webhook" : "Built in"}</Badge>
          {isWebhook && (
            <RoleButton needs="editor" variant="default" onClick={customise}>
              Change for this agent
            </RoleButton>
          )}
        </>
      }
    >
      <Stack>
        <div className={styles.columns}>
          <Stack>
            <Section
              title="Arguments"
              description={
                isWebhook
                  ? "Part of the platform. “Change for this agent” makes a version of your own under the same name."
                  : "Part of the platform: it acts on the call itself, so it cannot be tried without one."
              }
            >
              <ParameterTable schema={tool.parameters} caption={`Arguments of ${tool.name}`} />
            </Section>
            {isWebhook && <WebhookSection name={tool.name} parameters={tool.parameters} />}
          </Stack>
          <Stack>
            <UsesSection name={tool.name} isReadOnly={!mayEdit} canPreload={false} />
            {isWebhook && <TryPanel name={tool.name} kind="webhook" parameters={tool.parameters} effects={null} mayRun={mayEdit} />}
          </Stack>
        </div>
        <RunHistory agentId={draft.agent_id} tool={tool.name} isWebhook={isWebhook} />
      </Stack>
    </Page>
  );
}
