import { Alert, Stack, Text } from "@mantine/core";
import { Copyable } from "../../../ui/Copyable";
import { LinkButton } from "../../../ui/LinkButton";
import { Section } from "../../../ui/Section";
import { TextLink } from "../../../ui/TextLink";
import { useDraft } from "../draft/DraftProvider";
import type { JsonObject } from "./schema/parameters";
import { WebhookRequest } from "./WebhookRequest";

/** Where a webhook tool goes and what arrives there (rules W1 to W3). */
export function WebhookSection({ name, parameters }: { name: string; parameters: JsonObject }) {
  const { draft } = useDraft();
  return (
    <Section title="Webhook" description="Your server does the work and answers with what the agent says.">
      <Stack>
        {draft.tools_webhook_url ? (
          <div>
            <Text size="sm" fw={500}>
              Address
            </Text>
            <Copyable value={draft.tools_webhook_url} label="address" />
            <TextLink underline="always" to="/agents/$agentId/advanced" hash="webhook" params={{ agentId: draft.agent_id }} size="sm">
              Change it for all webhook tools of this agent
            </TextLink>
          </div>
        ) : (
          <Alert color="orange" title="No address yet">
            <Stack gap="xs" align="flex-start">
              <Text>Webhook tools of this agent have nowhere to go.</Text>
              <LinkButton to="/agents/$agentId/advanced" hash="webhook" params={{ agentId: draft.agent_id }} variant="default" size="xs">
                Set the address under Advanced
              </LinkButton>
            </Stack>
          </Alert>
        )}
        <WebhookRequest name={name} parameters={parameters} />
      </Stack>
    </Section>
  );
}
