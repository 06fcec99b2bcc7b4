import { Badge, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { $api } from "../../../api/api";
import { Page } from "../../../ui/Page";
import { useMay } from "../../../ui/RoleGate";
import { useDraft } from "../draft/DraftProvider";
import { CodeSection } from "./code/CodeSection";
import { useCodeCheck } from "./code/useCodeCheck";
import { DefinitionSection } from "./DefinitionSection";
import { DeleteTool } from "./DeleteTool";
import { changedTool, type DraftTool, kindOf } from "./draftTools";
import { EffectSummary } from "./EffectSummary";
import { RunHistory } from "./runs/RunHistory";
import { ParametersSection } from "./schema/ParametersSection";
import { EMPTY_SCHEMA } from "./schema/parameters";
import styles from "./ToolPage.module.css";
import { TryPanel } from "./try/TryPanel";
import { UsesSection } from "./UsesSection";
import { WebhookSection } from "./WebhookSection";

/** A line of the code that something speaks of; an object of its own each time it is to be shown. */
export interface ShownLine {
  line: number;
}

/** A tool of the agent's own. Every change goes into the draft. */
export function ToolEditor({ tool }: { tool: DraftTool }) {
  const { draft, patch } = useDraft();
  const mayEdit = useMay("editor");
  const [shownLine, setShownLine] = useState<ShownLine | null>(null);
  const [failedLine, setFailedLine] = useState<{ line: number; message: string; code: string } | null>(null);
  const kind = kindOf(tool);
  const code = tool.code ?? "";
  const check = useCodeCheck(code, kind === "code" && mayEdit);
  // The check is for editors; a viewer reads what the deploy checks found.
  const findings = $api.useQuery(
    "get",
    "/v1/agents/{agent_id}/findings",
    { params: { path: { agent_id: draft.agent_id } } },
    { enabled: kind === "code" && !mayEdit },
  );
  const effects = check.checked?.effects ?? findings.data?.effects.find((item) => item.tool === tool.name)?.effects ?? null;
  const change = (changes: Partial<DraftTool>) => patch(changedTool(draft, tool.name, changes));
  const parameters = tool.parameters ?? EMPTY_SCHEMA;
  // The line of a failed trial is marked as long as the code is the one that was tried.
  const failure = failedLine?.code === code ? failedLine : null;
  return (
    <Page
      title={tool.name}
      description={
        mayEdit ? undefined : <Text c="dimmed">You may look at this tool. Changing and trying it needs the role editor; ask an owner.</Text>
      }
      actions={
        <>
          <Badge variant="light">{kind === "code" ? "Code" : "Webhook"}</Badge>
          <DeleteTool tool={tool} isDisabled={!mayEdit} />
        </>
      }
    >
      <Stack>
        <div className={styles.columns}>
          <Stack>
            <DefinitionSection tool={tool} kind={kind} onChange={change} isReadOnly={!mayEdit} />
            <ParametersSection schema={parameters} onChange={(next) => change({ parameters: next })} isReadOnly={!mayEdit} />
          </Stack>
          <UsesSection name={tool.name} isReadOnly={!mayEdit} canPreload={kind === "code"} />
        </div>
        <div className={styles.columns}>
          {kind === "code" ? (
            <CodeSection
              tool={tool}
              check={check}
              onChange={change}
              isReadOnly={!mayEdit}
              failure={failure}
              shownLine={shownLine}
              onShowLine={(line) => setShownLine({ line })}
            />
          ) : (
            <WebhookSection name={tool.name} parameters={parameters} />
          )}
          <Stack>
            {kind === "code" && (
              <EffectSummary
                effects={effects}
                isBehind={check.isBehind}
                error={check.error}
                isEmpty={code.trim() === ""}
                onShowLine={(line) => setShownLine({ line })}
              />
            )}
            <TryPanel
              name={tool.name}
              kind={kind}
              parameters={parameters}
              effects={effects}
              mayRun={mayEdit}
              onFailure={(line, message) => setFailedLine(line > 0 ? { line, message, code } : null)}
              onShowLine={(line) => setShownLine({ line })}
            />
          </Stack>
        </div>
        <RunHistory agentId={draft.agent_id} tool={tool.name} isWebhook={kind === "webhook"} />
      </Stack>
    </Page>
  );
}
