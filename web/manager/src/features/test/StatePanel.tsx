import { Code, Text } from "@mantine/core";
import { Section } from "../../ui/Section";
import { TextLink } from "../../ui/TextLink";
import type { Conversation } from "./conversation";
import classes from "./Test.module.css";

/** What the agent knows at this moment. */
export function StatePanel({ conversation }: { conversation: Conversation }) {
  const variables = Object.entries(conversation.variables).filter(([name, value]) => value !== "" && value !== null && name !== "call_sid");
  return (
    <Section title="Now">
      <dl className={classes.values}>
        <dt>Stage</dt>
        <dd aria-live="polite">{conversation.stage || "—"}</dd>
        {conversation.callId && (
          <>
            <dt>Call</dt>
            <dd>
              <TextLink to="/calls/$callId" params={{ callId: conversation.callId }}>
                Open its record
              </TextLink>
            </dd>
          </>
        )}
        {variables.map(([name, value]) => (
          <Variable key={name} name={name} value={value} />
        ))}
      </dl>
      {variables.length === 0 && (
        <Text size="sm" c="dimmed" mt="xs">
          Variables stand here as the lookup and tools set them.
        </Text>
      )}
    </Section>
  );
}

function Variable({ name, value }: { name: string; value: unknown }) {
  return (
    <>
      <dt>
        <Code>{`{${name}}`}</Code>
      </dt>
      <dd>{typeof value === "string" ? value : JSON.stringify(value)}</dd>
    </>
  );
}
