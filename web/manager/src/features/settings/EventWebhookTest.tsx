import { Badge, Button, Group, Select, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { api, type Schemas } from "../../api/api";
import { duration } from "../../ui/format";
import { Lines } from "../../ui/Lines";
import { Problem } from "../../ui/Problem";
import { useSubmit } from "../../ui/useSubmit";
import { type Endpoint, EVENT_TYPES, type EventType, pretty } from "./eventTypes";

/** Sends an example now and shows what the server answered. */
export function EventWebhookTest({ endpoint }: { endpoint: Endpoint }) {
  const [type, setType] = useState<EventType>(endpoint.event_types[0] ?? "call.ended");
  const [tested, setTested] = useState<Schemas["WebhookTested"] | null>(null);
  const { submit, isBusy, problem } = useSubmit(async () => {
    setTested(null);
    const { data } = await api.POST("/v1/webhook-endpoints/{endpoint_id}/test", {
      params: { path: { endpoint_id: endpoint.id } },
      body: { type },
    });
    setTested(data ?? null);
  });
  return (
    <Stack>
      <Group align="flex-end">
        <Select
          label="Event"
          description="The ids in the example belong to nothing."
          allowDeselect={false}
          data={EVENT_TYPES}
          value={type}
          onChange={(value) => setType((value ?? type) as EventType)}
          style={{ flex: "1 1 200px" }}
        />
        <Button onClick={() => void submit()} loading={isBusy}>
          Send it now
        </Button>
      </Group>
      <Problem text={problem} />
      <div role="status">
        {tested && (
          <Stack gap="sm">
            <Group gap="xs">
              <Badge color={tested.is_delivered ? "signal" : "red"}>{tested.is_delivered ? "Delivered" : "Not delivered"}</Badge>
              <Text size="sm" className="figures">
                {tested.status === null ? tested.error : `answered ${tested.status}`} after {duration(tested.duration_ms)}
              </Text>
            </Group>
            {tested.response && <Lines title="Answer" lines={[pretty(tested.response)]} />}
            <Lines title="Request" lines={[pretty(tested.request_body)]} />
          </Stack>
        )}
      </div>
    </Stack>
  );
}
