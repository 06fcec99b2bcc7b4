import { Badge, Group, Select, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { $api, api, BY_CURSOR } from "../../api/api";
import { Copyable } from "../../ui/Copyable";
import { Expandable, ExpandableList } from "../../ui/Expandable";
import { duration } from "../../ui/format";
import { Lines } from "../../ui/Lines";
import { PagedList } from "../../ui/Paged";
import { Problem } from "../../ui/Problem";
import { RelativeTime } from "../../ui/RelativeTime";
import { RoleButton } from "../../ui/RoleButton";
import { useSubmit } from "../../ui/useSubmit";
import { answerOf, type Delivery, type Endpoint, pretty } from "./eventTypes";

type Status = Delivery["status"];
const STATUSES = [
  { value: "", label: "All" },
  { value: "pending", label: "Waiting" },
  { value: "delivered", label: "Delivered" },
  { value: "failed", label: "Failed" },
];
const BADGES: Record<Status, [string, string]> = {
  pending: ["gray", "Waiting"],
  delivered: ["signal", "Delivered"],
  failed: ["red", "Failed"],
};
const PATH = "/v1/webhook-endpoints/{endpoint_id}/deliveries";
const LOOK_AGAIN_MS = 5000;

/** The messages of the last 30 days, newest first. */
export function EventWebhookLog({ endpoint }: { endpoint: Endpoint }) {
  const [status, setStatus] = useState<Status | "">("");
  const log = $api.useInfiniteQuery(
    "get",
    PATH,
    { params: { path: { endpoint_id: endpoint.id }, query: { status: status || null, limit: 20 } } },
    { ...BY_CURSOR, refetchInterval: LOOK_AGAIN_MS },
  );
  const deliveries = log.data?.pages.flatMap((page) => page.deliveries) ?? [];
  return (
    <Stack gap="xs" component="section" aria-label="What was sent">
      <Select
        label="Show"
        size="xs"
        w={140}
        allowDeselect={false}
        data={STATUSES}
        value={status}
        onChange={(value) => setStatus((value ?? "") as Status | "")}
      />
      <PagedList
        query={log}
        rows={deliveries}
        what="The log"
        lines={2}
        empty={
          <Text c="dimmed" size="sm">
            {status
              ? "No message is in this state."
              : "Nothing was sent in the last 30 days. The next event that it is told of stands here."}
          </Text>
        }
      >
        <ExpandableList>
          {deliveries.map((delivery) => (
            <Entry key={delivery.id} delivery={delivery} endpoint={endpoint} />
          ))}
        </ExpandableList>
      </PagedList>
    </Stack>
  );
}

function Entry({ delivery, endpoint }: { delivery: Delivery; endpoint: Endpoint }) {
  const [color, word] = BADGES[delivery.status];
  return (
    <Expandable
      line={
        <>
          <Badge color={color} variant="light">
            {word}
          </Badge>
          <Text size="sm" ff="monospace" flex={1}>
            {delivery.type}
          </Text>
          <Text size="sm" className="numeric">
            {answerOf(delivery)}
          </Text>
          <Text size="sm" className="numeric" c="dimmed">
            {delivery.duration_ms === null ? "" : duration(delivery.duration_ms)}
          </Text>
          <Text size="sm" c="dimmed">
            <RelativeTime at={delivery.created_at} />
          </Text>
        </>
      }
    >
      <Details delivery={delivery} endpoint={endpoint} />
    </Expandable>
  );
}

function Details({ delivery, endpoint }: { delivery: Delivery; endpoint: Endpoint }) {
  const queries = useQueryClient();
  const { submit, isBusy, problem } = useSubmit(async () => {
    await api.POST("/v1/webhook-endpoints/{endpoint_id}/deliveries/{delivery_id}/redeliver", {
      params: { path: { endpoint_id: endpoint.id, delivery_id: delivery.id } },
    });
    await queries.invalidateQueries({ queryKey: ["get", PATH] });
  });
  return (
    <>
      <Group gap="md">
        <Copyable value={delivery.id} label="the id of the message" />
        <Text size="sm" role="status">
          {delivery.attempts === 1 ? "1 attempt" : `${delivery.attempts} attempts`}
          {delivery.next_attempt_at && (
            <>
              , the next <RelativeTime at={delivery.next_attempt_at} />
            </>
          )}
        </Text>
        <RoleButton
          needs="editor"
          size="xs"
          variant="default"
          onClick={() => void submit()}
          loading={isBusy}
          disabled={!endpoint.is_active}
        >
          Send once more
        </RoleButton>
      </Group>
      {!endpoint.is_active && (
        <Text size="sm" c="dimmed">
          Switch the address on to send it once more.
        </Text>
      )}
      {delivery.error && (
        <Text size="sm" c="var(--mantine-color-error)">
          {delivery.error}
        </Text>
      )}
      <Problem text={problem} />
      {delivery.response && <Lines title="Answer" lines={[pretty(delivery.response)]} />}
      {delivery.request_body && <Lines title="Request" lines={[pretty(delivery.request_body)]} />}
    </>
  );
}
