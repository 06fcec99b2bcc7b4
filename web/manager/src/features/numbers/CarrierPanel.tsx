import { Badge, Group, Stack, Text } from "@mantine/core";
import { $api } from "../../api/api";
import { Copyable } from "../../ui/Copyable";
import { Section } from "../../ui/Section";
import { TextLink } from "../../ui/TextLink";

/** What to enter at the carrier, and which carrier cannot be used yet. */
export function CarrierPanel() {
  const { data } = $api.useQuery("get", "/v1/carriers");
  if (!data) return null;
  return (
    <Section
      title="At your carrier"
      description="Calls come here once the carrier knows the address below and Callstage can verify the carrier's signature."
    >
      <Stack gap="md">
        <Carrier
          name="Twilio"
          isReady={data.twilio !== null}
          missing="Without them Callstage cannot verify that a call comes from Twilio, nor transfer or originate one."
          where='Number → Voice configuration → "A call comes in" → Webhook, HTTP POST'
          url={data.webhooks?.twilio_voice_url}
        />
        <Carrier
          name="Telnyx"
          isReady={data.telnyx !== null}
          missing="Without the public key calls from Telnyx cannot be verified and are refused."
          where="Voice API application → Webhook URL, API v2"
          url={data.webhooks?.telnyx_webhook_url}
        />
      </Stack>
    </Section>
  );
}

function Carrier({ name, isReady, missing, where, url }: { name: string; isReady: boolean; missing: string; where: string; url?: string }) {
  return (
    <div>
      <Group gap="xs" mb={4}>
        <Text fw={500}>{name}</Text>
        <Badge color={isReady ? "signal" : "gray"}>{isReady ? "Credentials stored" : "No credentials"}</Badge>
      </Group>
      {!isReady && (
        <Text size="sm" c="dimmed" mb={4}>
          {missing}{" "}
          <TextLink inherit underline="always" to="/settings/$section" params={{ section: "carriers" }}>
            Store them in Settings
          </TextLink>
        </Text>
      )}
      {url && (
        <>
          <Copyable value={url} label={`the ${name} webhook address`} />
          <Text size="xs" c="dimmed" mt={2}>
            {where}
          </Text>
        </>
      )}
    </div>
  );
}
