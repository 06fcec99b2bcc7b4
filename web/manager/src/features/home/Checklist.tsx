import { ActionIcon, Button, Group, Text, Title } from "@mantine/core";
import { IconCheck, IconX } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import type { Schemas } from "../../api/api";
import { LinkButton } from "../../ui/LinkButton";
import { Panel } from "../../ui/Panel";
import { agentAtHand, nextStep, type Step, stepsOf } from "./checklist";
import classes from "./Home.module.css";
import type { Reach } from "./useHome";

interface ChecklistProps {
  agents: Schemas["AgentView"][];
  stats: Schemas["AgentStats"][];
  reach: Reach;
  onNew: () => void;
  onHide: () => void;
}

/** The way from nothing to an agent that answers (rule UI3). It ticks itself, and is gone for those who have gone it already. */
export function Checklist({ agents, stats, reach, onNew, onHide }: ChecklistProps) {
  const steps = stepsOf({ agents, stats, ...reach });
  const next = nextStep(steps);
  const [wasOpen, setWasOpen] = useState(false);
  if (next && !wasOpen) setWasOpen(true);
  if (!next && !wasOpen) return null;

  const done = steps.filter((step) => step.isDone).length;
  return (
    <Panel component="section" aria-labelledby="first-steps" mb="xl" p={{ base: "md", sm: "lg" }} maw={760}>
      <Group justify="space-between" wrap="nowrap" align="flex-start" mb="xs">
        <div>
          <Title order={2} id="first-steps">
            {next ? "From nothing to a first call" : "Your agent answers"}
          </Title>
          <Text c="dimmed" aria-live="polite">
            {next ? `${done} of ${steps.length} done` : "All steps are done. Everything you did here works the same with real callers."}
          </Text>
        </div>
        <ActionIcon variant="subtle" color="gray" aria-label="Hide these steps" title="Hide these steps" onClick={onHide}>
          <IconX size={16} />
        </ActionIcon>
      </Group>
      <ol className={classes.steps}>
        {steps.map((step, at) => (
          <StepItem key={step.id} step={step} number={at + 1} isNext={step === next}>
            <StepAction step={step} agent={agentAtHand(agents)} isNext={step === next} onNew={onNew} />
          </StepItem>
        ))}
      </ol>
    </Panel>
  );
}

function StepItem({ step, number, isNext, children }: { step: Step; number: number; isNext: boolean; children: ReactNode }) {
  return (
    <li
      className={classes.step}
      data-done={step.isDone || undefined}
      data-next={isNext || undefined}
      aria-current={isNext ? "step" : undefined}
    >
      <span className={classes.tick} aria-hidden>
        {step.isDone ? <IconCheck size={13} stroke={3} /> : number}
      </span>
      <div>
        <div className={classes.stepTitle}>
          {step.title}
          <span className="visually-hidden">{step.isDone ? " (done)" : " (open)"}</span>
        </div>
        {isNext && (
          <Text size="sm" c="dimmed">
            {step.help}
          </Text>
        )}
      </div>
      {!step.isDone && children}
    </li>
  );
}

function StepAction({ step, agent, isNext, onNew }: { step: Step; agent?: Schemas["AgentView"]; isNext: boolean; onNew: () => void }) {
  const look = { size: "compact-sm", variant: isNext ? "filled" : "subtle", color: isNext ? undefined : "gray" } as const;
  if (step.id === "agent") {
    return (
      <Button {...look} onClick={onNew}>
        New assistant
      </Button>
    );
  }
  if (!agent) return null;
  const params = { agentId: agent.agent_id };
  switch (step.id) {
    case "test":
      return (
        <LinkButton {...look} to="/agents/$agentId/test" params={params}>
          Talk to {agent.display_name}
        </LinkButton>
      );
    case "tool":
      return (
        <LinkButton {...look} to="/agents/$agentId/stages" params={params}>
          Add a tool
        </LinkButton>
      );
    case "deploy":
      return (
        <LinkButton {...look} to="/agents/$agentId/stages" params={params} hash="deploy">
          Deploy {agent.display_name}
        </LinkButton>
      );
    case "reach":
      return (
        <LinkButton {...look} {...(agent.channel === "chat" ? { to: "/embed" } : { to: "/numbers", search: { agent: agent.agent_id } })}>
          {agent.channel === "chat" ? "Put it on a page" : "Give it a number"}
        </LinkButton>
      );
    case "call":
      return (
        <LinkButton {...look} to="/calls">
          Open Calls
        </LinkButton>
      );
    default:
      return null;
  }
}
