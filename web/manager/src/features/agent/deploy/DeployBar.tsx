import { Button, Group, Text, Tooltip, UnstyledButton } from "@mantine/core";
import { IconAlertCircle, IconAlertTriangle, IconCloudUpload } from "@tabler/icons-react";
import { useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { RelativeTime } from "../../../ui/RelativeTime";
import { TextLink } from "../../../ui/TextLink";
import { useDraft } from "../draft/DraftProvider";
import classes from "./DeployBar.module.css";
import { findingsInWords } from "./deployState";
import { useDeployInfo } from "./useDeployInfo";

const DeployDialog = lazy(() => import("./DeployDialog"));

/** The difference between draft and live, what stands against a deploy, and the deploy itself (rules UI2, S5). */
export function DeployBar() {
  const { draft } = useDraft();
  const info = useDeployInfo();
  // The command palette and links of other pages lead to `…#deploy`.
  const isWanted = useRouterState({ select: (state) => state.location.hash === "deploy" });
  const [isOpen, setOpen] = useState(isWanted);
  const { facts, view } = info;
  const findings = findingsInWords(facts.errors ?? 0, facts.warnings ?? 0);
  const params = { agentId: draft.agent_id };

  return (
    <section className={classes.bar} aria-label="Deploy" data-waiting={info.isWaiting || undefined} aria-busy={info.isWaiting || undefined}>
      <div className={classes.status} aria-live="polite">
        <span className={classes.dot} data-tone={view.tone} aria-hidden />
        <div>
          {facts.deployment !== null && facts.hasChanges ? (
            <UnstyledButton className={classes.more} onClick={() => setOpen(true)}>
              {view.status}
            </UnstyledButton>
          ) : (
            <Text component="span">{view.status}</Text>
          )}
          {draft.deployed_at && (
            <Text size="sm" c="dimmed" component="div">
              Last deploy <RelativeTime at={draft.deployed_at} />
              {" · "}
              <TextLink to="/agents/$agentId/deployments" params={params} size="sm" underline="always">
                History
              </TextLink>
            </Text>
          )}
        </div>
      </div>
      <Group gap="sm">
        {findings && (
          <Button
            variant="subtle"
            color={facts.errors ? "red" : "yellow"}
            className={classes.findings}
            data-blocks={facts.errors ? true : undefined}
            leftSection={facts.errors ? <IconAlertCircle size={16} /> : <IconAlertTriangle size={16} />}
            onClick={() => setOpen(true)}
          >
            {findings}
          </Button>
        )}
        <Tooltip label={view.obstacle} disabled={!view.obstacle}>
          <Button
            leftSection={<IconCloudUpload size={16} />}
            data-disabled={view.obstacle ? true : undefined}
            aria-disabled={view.obstacle ? true : undefined}
            aria-description={view.obstacle || undefined}
            onClick={() => {
              if (!view.obstacle || facts.errors) setOpen(true);
            }}
          >
            {view.action}
          </Button>
        </Tooltip>
      </Group>
      {isOpen && (
        <Suspense fallback={null}>
          <DeployDialog info={info} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </section>
  );
}
