import { Code, Text } from "@mantine/core";
import { isObject, type JsonObject } from "./schema/parameters";
import styles from "./ToolPage.module.css";

/** What arrives at the webhook's address and what it has to answer. */
export function WebhookRequest({ name, parameters }: { name: string; parameters: JsonObject }) {
  const args = isObject(parameters.properties) ? Object.fromEntries(Object.keys(parameters.properties).map((key) => [key, "…"])) : {};
  const body = JSON.stringify({ function: name, args, call_id: "…", tenant_id: "…" }, null, 2);
  return (
    <div>
      <Text size="sm" fw={500}>
        The request
      </Text>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre className={styles.lines} tabIndex={0}>
        {`POST\nContent-Type: application/json\nAuthorization: Bearer csk_live_…\nX-Webhook-Source: voiceai-platform\nIdempotency-Key: …\nX-Webhook-Timestamp: …\nX-Webhook-Signature: …\n\n${body}`}
      </pre>
      <Text size="sm" c="dimmed" mt="xs">
        Answer within 9 s with <Code>{'{"status": "created", "message": "…"}'}</Code>. The agent says the message, whatever the HTTP status.
        Without one it says “I'm having trouble processing that right now.”
      </Text>
    </div>
  );
}
