import { Button, Checkbox, Group, Stack, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/api";
import { Form } from "../../ui/Form";
import { Problem } from "../../ui/Problem";
import { useSubmit } from "../../ui/useSubmit";
import { type Endpoint, EVENT_TYPES, type EventType } from "./eventTypes";

/** A new address, or the changes to one. `onDone` gets the secret of a new one. */
export function EventWebhookForm({ stored, onDone }: { stored: Endpoint | null; onDone: (id: string, secret: string) => void }) {
  const [url, setUrl] = useState(stored?.url ?? "");
  const [description, setDescription] = useState(stored?.description ?? "");
  const [types, setTypes] = useState<EventType[]>(stored?.event_types ?? ["call.ended", "transcript.ready"]);
  const queries = useQueryClient();
  const { submit, isBusy, problem, fieldError } = useSubmit(async () => {
    const body = { url, description, event_types: types };
    if (stored) {
      await api.PATCH("/v1/webhook-endpoints/{endpoint_id}", { params: { path: { endpoint_id: stored.id } }, body });
      onDone(stored.id, "");
    } else {
      const { data } = await api.POST("/v1/webhook-endpoints", { body });
      onDone(data?.id ?? "", data?.secret ?? "");
    }
    await queries.invalidateQueries({ queryKey: ["get", "/v1/webhook-endpoints"] });
  });
  return (
    <Form onSubmit={submit}>
      <TextInput
        label="Address"
        description="On the public internet, and https."
        placeholder="https://crm.example.com/callstage"
        type="url"
        required
        value={url}
        onChange={(event) => setUrl(event.currentTarget.value)}
        error={fieldError("url")}
      />
      <TextInput
        label="What it is"
        description="For you, so that you know it again."
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
        error={fieldError("description")}
      />
      <Checkbox.Group
        label="It is told"
        value={types}
        onChange={(value) => setTypes(value as EventType[])}
        error={fieldError("event_types")}
      >
        <Stack gap="xs" mt="xs">
          {EVENT_TYPES.map(({ value, label, words }) => (
            <Checkbox key={value} value={value} label={words} description={label} />
          ))}
        </Stack>
      </Checkbox.Group>
      <Problem text={problem} />
      <Group justify="flex-end">
        <Button type="submit" loading={isBusy} disabled={!url || types.length === 0}>
          {stored ? "Save changes" : "Add the address"}
        </Button>
      </Group>
    </Form>
  );
}
