import { Alert, SegmentedControl, Switch, Text } from "@mantine/core";
import { Section } from "../../../../ui/Section";
import { TextLink } from "../../../../ui/TextLink";
import { useDraft } from "../../draft/DraftProvider";
import { Setting } from "../settings/Setting";
import { problemOfField } from "../settings/typed";
import { MailboxNote } from "./MailboxNote";

/** How conversations reach the agent. */
export function ActivationSection() {
  const { draft, patch, isReadOnly, problem } = useDraft();
  const isClickToCall = draft.type === "click_to_call";
  return (
    <Section title="Activation" anchor="activation" description="How conversations reach the agent.">
      <Setting
        label="Channel"
        shape="group"
        explanation="Voice takes calls and talks in the browser. Chat answers in the widget and by e-mail."
        problem={problemOfField(problem, "channel")}
      >
        {() => (
          <SegmentedControl
            aria-label="Channel"
            value={draft.channel ?? "voice"}
            disabled={isReadOnly}
            onChange={(channel) => patch({ channel: channel === "chat" ? "chat" : "voice" })}
            data={[
              { value: "voice", label: "Voice" },
              { value: "chat", label: "Chat and e-mail" },
            ]}
          />
        )}
      </Setting>
      {draft.channel !== "chat" && (
        <Setting
          label="Type"
          shape="group"
          explanation={
            isClickToCall
              ? "Your server asks for a call with a signed request; the agent then calls people. The credentials stand in the VoIP tab."
              : "People call a number or talk on your page."
          }
          problem={problemOfField(problem, "type")}
        >
          {() => (
            <SegmentedControl
              aria-label="Type"
              value={draft.type ?? "inbound"}
              disabled={isReadOnly}
              onChange={(type) => patch({ type: type === "click_to_call" ? "click_to_call" : "inbound" })}
              data={[
                { value: "inbound", label: "Inbound" },
                { value: "click_to_call", label: "Click to call" },
              ]}
            />
          )}
        </Setting>
      )}
      {draft.channel !== "chat" && isClickToCall && (
        <Setting
          shape="toggle"
          label="Signature"
          explanation="Requests must be signed with the agent's secret. Switch it off only while you build, on a network of your own."
          problem={problemOfField(problem, "disable_signature_verification")}
        >
          {(_, toggle) => (
            <>
              <Switch
                {...toggle}
                label={draft.disable_signature_verification ? "Not checked" : "Checked"}
                checked={!draft.disable_signature_verification}
                disabled={isReadOnly}
                onChange={(event) => patch({ disable_signature_verification: !event.currentTarget.checked })}
              />
              {draft.disable_signature_verification && (
                <Alert color="orange" mt="xs" title="Anybody who knows the address can make this agent call">
                  Every call costs money and carries your number.
                </Alert>
              )}
            </>
          )}
        </Setting>
      )}
      {draft.channel === "chat" ? (
        <MailboxNote />
      ) : (
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
      )}
    </Section>
  );
}
