import { Button, Checkbox, Group, Modal, Text, TextInput } from "@mantine/core";
import { useCallback, useState } from "react";
import { api } from "../../../api/api";
import { Form } from "../../../ui/Form";
import { tell } from "../../../ui/notify";
import { Problem } from "../../../ui/Problem";
import { useSubmit } from "../../../ui/useSubmit";
import { forgetTests } from "./forgetTests";

interface SaveTestProps {
  agentId: string;
  source: { from_session_id: string } | { from_call_id: string };
  /** The conversation still goes on: what is said later does not belong to the test. */
  isRunning?: boolean;
  onClose: () => void;
}

/** Keeps a conversation as a test of the agent; also "make this a test" of a recorded call. */
export function SaveTest({ agentId, source, isRunning = false, onClose }: SaveTestProps) {
  const [name, setName] = useState("");
  const [isAnonymous, setAnonymous] = useState(false);
  const save = useSubmit(
    useCallback(async () => {
      await api.POST("/v1/agents/{agent_id}/tests", {
        params: { path: { agent_id: agentId } },
        body: { name, is_anonymous: isAnonymous, ...source },
      });
      await forgetTests();
      tell(`The test “${name}” is saved.`);
      onClose();
    }, [agentId, name, isAnonymous, source, onClose]),
  );
  return (
    <Modal opened onClose={onClose} title="Save as a test">
      <Form onSubmit={save.submit}>
        <Text c="dimmed">
          A run holds the draft against what was decided here, with the same answers of the tools: would it go through the same stages, call
          the same tools and end the same way? No model is asked, nothing is written.
          {isRunning && " The conversation still goes on; the test holds what was said up to now."}
        </Text>
        <TextInput
          label="Name"
          placeholder="Orders a pizza and pays by card"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={save.fieldError("name")}
          maxLength={200}
          data-autofocus
        />
        <Checkbox
          label="Without personal data"
          description="Names, numbers and everything else that could be personal is replaced. A test stays until you delete it."
          checked={isAnonymous}
          onChange={(event) => setAnonymous(event.currentTarget.checked)}
        />
        <Problem text={save.problem} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isBusy} disabled={!name.trim()}>
            Save the test
          </Button>
        </Group>
      </Form>
    </Modal>
  );
}
