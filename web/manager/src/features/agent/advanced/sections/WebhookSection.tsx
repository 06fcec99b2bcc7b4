import { Code, Stack, Text } from "@mantine/core";
import { $api } from "../../../../api/api";
import { Section } from "../../../../ui/Section";
import { TextLink } from "../../../../ui/TextLink";
import { useDraft } from "../../draft/DraftProvider";
import { urlProblem } from "../settings/checks";
import { TextSetting } from "../settings/TextSetting";

/** Where webhook tools go, and how the other side knows that it is us (rules W1 to W6). */
export function WebhookSection() {
  const { draft, patch } = useDraft();
  const standard = $api.useQuery("get", "/v1/tools/standard", {}, { staleTime: Number.POSITIVE_INFINITY });
  const webhooks = (standard.data?.tools ?? []).filter((tool) => tool.kind === "webhook");
  return (
    <Section title="Tools webhook" anchor="webhook" description="Your server that does the work of webhook tools.">
      <TextSetting
        field="tools_webhook_url"
        label="Address"
        explanation="Every webhook tool of this agent is a POST to it. It must answer within 9 s."
        value={draft.tools_webhook_url}
        placeholder="https://crm.example.com/callstage"
        type="url"
        check={urlProblem}
        onChange={(text) => patch({ tools_webhook_url: text || null })}
      />
      <Stack gap="sm" pt="md">
        <Text>
          <b>Is it us?</b> Each request has <Code>Authorization: Bearer csk_live_…</Code>, a{" "}
          <TextLink to="/settings/$section" params={{ section: "webhooks" }} underline="always">
            webhook key
          </TextLink>{" "}
          of your workspace. <Code>X-Webhook-Signature</Code> is the HMAC-SHA256, with that key, of <Code>X-Webhook-Timestamp</Code>, a dot
          and the body: compare it and refuse old timestamps. <Code>Idempotency-Key</Code> is the same when a request is sent again; answer
          such a one as before.
        </Text>
        {webhooks.length > 0 && (
          <Text component="div">
            <b>Ready-made tools</b> to offer in a stage:{" "}
            {webhooks.map((tool, place) => (
              <span key={tool.name}>
                {place > 0 && ", "}
                <TextLink to="/agents/$agentId/tools/$tool" params={{ agentId: draft.agent_id, tool: tool.name }} underline="always">
                  {tool.name}
                </TextLink>
              </span>
            ))}
            . Their pages show the arguments, send a test and list the last deliveries.
          </Text>
        )}
      </Stack>
    </Section>
  );
}
