import { useEffect, useRef } from "react";
import { $api } from "../../../api/api";
import { queryClient } from "../../../api/queryClient";
import { useDraft } from "../draft/DraftProvider";
import { numberOf, useNumbers } from "../voip/useNumbers";
import { type DeployFacts, deployView } from "./deployState";

const LOOKED_AT = ["/v1/agents/{agent_id}/findings", "/v1/agents/{agent_id}/diff"];
const AFTER_DEPLOY = [...LOOKED_AT, "/v1/agents/{agent_id}/deployments", "/v1/numbers", "/v1/agents"];

/** The checks read all tool code: not with every letter. */
const QUIET_MS = 1200;

/** What a deploy changed, read again. */
export async function forgetDeployInfo(paths = AFTER_DEPLOY): Promise<void> {
  await Promise.all(paths.map((path) => queryClient.invalidateQueries({ queryKey: ["get", path] })));
}

/** Findings, difference and number of the agent being edited; looked at again after every save. */
export function useDeployInfo() {
  const { draft, saveState, isReadOnly } = useDraft();
  const params = { params: { path: { agent_id: draft.agent_id } } };
  const findings = $api.useQuery("get", "/v1/agents/{agent_id}/findings", params);
  const difference = $api.useQuery("get", "/v1/agents/{agent_id}/diff", params, { retry: false });
  const numbers = useNumbers();
  const number = numberOf(numbers.data, draft.agent_id);

  const version = useRef(draft.version);
  useEffect(() => {
    if (version.current === draft.version) return undefined;
    const timer = setTimeout(() => {
      version.current = draft.version;
      void forgetDeployInfo(LOOKED_AT);
    }, QUIET_MS);
    return () => clearTimeout(timer);
  }, [draft.version]);

  const all = findings.data?.findings ?? [];
  const last = difference.data;
  // A comparison with an older draft that found nothing says nothing of this one.
  const changes = last && (last.version === draft.version || last.changes.length > 0) ? last.changes : undefined;
  const count = (severity: string) => (findings.data ? all.filter((finding) => finding.severity === severity).length : null);
  const facts: DeployFacts = {
    channel: draft.channel ?? "voice",
    number: number?.number ?? null,
    deployment: draft.deployment,
    hasChanges: draft.has_undeployed_changes && (changes === undefined || changes.length > 0 || draft.deployment === null),
    changes: changes?.length ?? null,
    errors: count("error"),
    warnings: count("warning"),
    saveState,
    isReadOnly,
  };
  const isWaiting = numbers.isPending || difference.isPending;
  return {
    facts,
    isWaiting,
    view: deployView(facts),
    findings: all,
    effects: findings.data?.effects ?? [],
    changes: changes ?? [],
    number,
  };
}

export type DeployInfo = ReturnType<typeof useDeployInfo>;
