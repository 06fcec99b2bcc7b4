import { Checkbox, Stack, Text } from "@mantine/core";
import { $api } from "../../../api/api";
import { TextLink } from "../../../ui/TextLink";
import { LAST_CALLS } from "./rehearsal/rehearsal";

/** What has to hold before the draft goes live. */
export interface Conditions {
  tests: boolean;
  calls: boolean;
}

interface DeployConditionsProps {
  agentId: string;
  /** Chats are not recorded: there is nothing to rehearse with. */
  isVoice: boolean;
  conditions: Conditions;
  onChange: (conditions: Conditions) => void;
  onLeave: () => void;
}

/** What a deploy may be made to wait for (rule D6); the server checks it, and blocks the deploy. */
export function DeployConditions({ agentId, isVoice, conditions, onChange, onLeave }: DeployConditionsProps) {
  const tests = $api.useQuery("get", "/v1/agents/{agent_id}/tests", { params: { path: { agent_id: agentId } } });
  const count = tests.data?.tests.length;
  return (
    <Stack gap="sm" component="fieldset" m={0} mb="md" p={0} style={{ border: 0 }}>
      <Text component="legend" fw={600} p={0} mb="xs">
        Deploy only when
      </Text>
      <div>
        <Checkbox
          label="Tests pass"
          description={aboutTests(count)}
          disabled={count === 0}
          checked={conditions.tests && count !== 0}
          onChange={(event) => onChange({ ...conditions, tests: event.currentTarget.checked })}
        />
        {count === 0 && (
          <TextLink size="sm" ml={32} to="/agents/$agentId/test" params={{ agentId }} underline="always" onClick={onLeave}>
            Save a conversation as a test
          </TextLink>
        )}
      </div>
      {isVoice && (
        <Checkbox
          label="Recent calls go the same way"
          description={`The last ${LAST_CALLS} recorded calls are rehearsed first.`}
          checked={conditions.calls}
          onChange={(event) => onChange({ ...conditions, calls: event.currentTarget.checked })}
        />
      )}
    </Stack>
  );
}

function aboutTests(count: number | undefined): string {
  if (count === 0) return "This agent has no tests yet.";
  if (count === undefined) return "The saved tests are run first.";
  return count === 1 ? "The one saved test is run first." : `All ${count} saved tests are run first.`;
}
