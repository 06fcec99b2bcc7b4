import { Alert, Text } from "@mantine/core";
import { Section } from "../../../../ui/Section";
import { TextLink } from "../../../../ui/TextLink";
import { useDraft } from "../../draft/DraftProvider";
import { MailboxSettings } from "../mailbox/MailboxSettings";
import { ChoiceSetting } from "../settings/ChoiceSetting";
import { mailProblem } from "../settings/checks";
import { TextSetting } from "../settings/TextSetting";
import { ToggleSetting } from "../settings/ToggleSetting";

/** How conversations reach the agent. */
export function ActivationSection() {
  const { draft, patch } = useDraft();
  return (
    <Section title="Activation" anchor="activation" description="How conversations reach the agent.">
      <ChoiceSetting
        field="channel"
        label="Channel"
        explanation="Voice takes calls and talks in the browser. Chat answers in the widget and by e-mail."
        value={draft.channel ?? "voice"}
        options={[
          { value: "voice", label: "Voice" },
          { value: "chat", label: "Chat and e-mail" },
        ]}
        onChange={(channel) => patch({ channel })}
      />
      {draft.channel === "chat" ? <ByMail /> : <ByVoice />}
    </Section>
  );
}

function ByMail() {
  const { draft, patch } = useDraft();
  return (
    <>
      <MailboxSettings />
      <TextSetting
        field="test_sender_email"
        label="Test sender"
        explanation="Tests take this address as the sender of the mail. Use your own: the answer to a tested mail is really sent."
        value={draft.test_sender_email}
        placeholder="ada@example.com"
        type="email"
        check={mailProblem}
        onChange={(text) => patch({ test_sender_email: text || null })}
      />
    </>
  );
}

function ByVoice() {
  const { draft, patch } = useDraft();
  const isClickToCall = draft.type === "click_to_call";
  return (
    <>
      <ChoiceSetting
        field="type"
        label="Type"
        explanation={
          isClickToCall
            ? "Your server asks for a call with a signed request; the agent then calls people. The credentials stand in the VoIP tab."
            : "People call a number or talk on your page."
        }
        value={draft.type ?? "inbound"}
        options={[
          { value: "inbound", label: "Inbound" },
          { value: "click_to_call", label: "Click to call" },
        ]}
        onChange={(type) => patch({ type })}
      />
      {isClickToCall && (
        <ToggleSetting
          field="disable_signature_verification"
          label="Signature"
          explanation="Requests must be signed with the agent's secret. Switch it off only while you build, on a network of your own."
          isOn={!draft.disable_signature_verification}
          on="Checked"
          off="Not checked"
          onChange={(isChecked) => patch({ disable_signature_verification: !isChecked })}
        >
          {draft.disable_signature_verification && (
            <Alert color="orange" mt="xs" title="Anybody who knows the address can make this agent call">
              Every call costs money and carries your number.
            </Alert>
          )}
        </ToggleSetting>
      )}
      <Text c="dimmed" pt="md">
        Numbers that ring here stand under{" "}
        <TextLink to="/agents/$agentId/voip" params={{ agentId: draft.agent_id }} underline="always">
          VoIP
        </TextLink>
        , the widget for your page under{" "}
        <TextLink to="/embed" underline="always">
          Embed
        </TextLink>
        .
      </Text>
      <MailboxSettings isHiddenWithout />
    </>
  );
}
