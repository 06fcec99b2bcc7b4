import { Group, Stack, Text } from "@mantine/core";
import { IconAlertCircle, IconAlertTriangle } from "@tabler/icons-react";
import type { Schemas } from "../../../api/api";
import { TextLink } from "../../../ui/TextLink";
import { type Agent, ownToolsOf, stagesOf } from "../draft/agent";
import { Hint } from "./Hint";

type Finding = Schemas["FindingReply"];

/** What blocks a deploy and what to look at (rule S5), each with the way to its place and how to repair it. */
export function FindingList({ findings, draft, onLeave }: { findings: readonly Finding[]; draft: Agent; onLeave?: () => void }) {
  return (
    <Stack gap="md" component="ul" m={0} p={0} style={{ listStyle: "none" }}>
      {findings.map((finding) => (
        <Group
          key={`${finding.code} ${finding.stage} ${finding.tool} ${finding.line} ${finding.message}`}
          component="li"
          gap="sm"
          align="flex-start"
          wrap="nowrap"
        >
          {finding.severity === "error" ? (
            <IconAlertCircle size={18} color="var(--mantine-color-error)" style={{ flexShrink: 0 }} aria-label="Error" />
          ) : (
            <IconAlertTriangle size={18} color="var(--callstage-warn-ink)" style={{ flexShrink: 0 }} aria-label="Warning" />
          )}
          <div style={{ minWidth: 0 }}>
            <Text>{finding.message}</Text>
            {finding.hint && <Hint text={finding.hint} />}
            <PlaceLink finding={finding} draft={draft} onLeave={onLeave} />
          </div>
        </Group>
      ))}
    </Stack>
  );
}

function PlaceLink({ finding, draft, onLeave }: { finding: Finding; draft: Agent; onLeave: (() => void) | undefined }) {
  const params = { agentId: draft.agent_id };
  if (finding.call_id)
    return (
      <TextLink size="sm" to="/calls/$callId" params={{ callId: finding.call_id }} onClick={onLeave}>
        Open the call
      </TextLink>
    );
  if (finding.code === "test_failed" || finding.code === "no_tests")
    return (
      <TextLink size="sm" to="/agents/$agentId/test" params={params} onClick={onLeave}>
        Open the tests
      </TextLink>
    );
  if (finding.code === "no_calls_rehearsed")
    return (
      <TextLink size="sm" to="/agents/$agentId/advanced" params={params} hash="recording" onClick={onLeave}>
        Open recording and disclosure
      </TextLink>
    );
  const tool = ownToolsOf(draft).find((item) => item.name === finding.tool);
  const stage = stagesOf(draft).find((item) => item.name === finding.stage);
  if (tool)
    return (
      <TextLink size="sm" to="/agents/$agentId/tools/$tool" params={{ ...params, tool: tool.name }} onClick={onLeave}>
        Open the tool {tool.name}
      </TextLink>
    );
  if (
    finding.code.includes("provider") ||
    finding.code.includes("fallback") ||
    finding.code.includes("realtime") ||
    finding.code === "webhook_url_missing"
  )
    return (
      <TextLink size="sm" to="/agents/$agentId/advanced" params={params} onClick={onLeave}>
        Open Advanced
      </TextLink>
    );
  return (
    <TextLink size="sm" to="/agents/$agentId/stages" params={params} search={stage ? { stage: stage.name } : {}} onClick={onLeave}>
      {stage ? `Open the stage ${stage.name}` : "Open Stages"}
    </TextLink>
  );
}
