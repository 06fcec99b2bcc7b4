import { Badge, Button, Group, Select, Stack, Text, UnstyledButton } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schemas } from "../../api/api";
import { Copyable } from "../../ui/Copyable";
import { ErrorState } from "../../ui/ErrorState";
import { duration } from "../../ui/format";
import { Loading } from "../../ui/Loading";
import { Problem } from "../../ui/Problem";
import { RelativeTime } from "../../ui/RelativeTime";
import { RoleGate } from "../../ui/RoleGate";
import { useSubmit } from "../../ui/useSubmit";
import { Body } from "./EventWebhookBody";
import styles from "./EventWebhookLog.module.css";
import { answerOf, type Delivery, type Endpoint } from "./eventTypes";

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
const KEY = ["get", "/v1/webhook-endpoints/{endpoint_id}/deliveries"];
const LOOK_AGAIN_MS = 5000;

/** The messages of the last 30 days, newest first. */
export function EventWebhookLog({ endpoint }: { endpoint: Endpoint }) {
  const [status, setStatus] = useState<Status | "">("");
  const log = useInfiniteQuery({
    queryKey: [...KEY, endpoint.id, status],
    initialPageParam: null as string | null,
    getNextPageParam: (page: Schemas["WebhookDeliveryList"]) => page.next_cursor,
    refetchInterval: LOOK_AGAIN_MS,
    queryFn: async ({ pageParam, signal }) => {
      const query = { status: status || null, limit: 20, cursor: pageParam };
      const { data } = await api.GET("/v1/webhook-endpoints/{endpoint_id}/deliveries", {
        params: { path: { endpoint_id: endpoint.id }, query },
        signal,
      });
      return data ?? { deliveries: [], next_cursor: null };
    },
  });
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
      {log.error ? (
        <ErrorState error={log.error} what="The log" onRetry={log.refetch} />
      ) : log.isPending ? (
        <Loading lines={2} />
      ) : deliveries.length === 0 ? (
        <Text c="dimmed" size="sm">
          {status ? "No message is in this state." : "Nothing was sent in the last 30 days. The next event that it is told of stands here."}
        </Text>
      ) : (
        <Stack gap={0} component="ul" m={0} p={0} style={{ listStyle: "none" }}>
          {deliveries.map((delivery) => (
            <Entry key={delivery.id} delivery={delivery} endpoint={endpoint} />
          ))}
        </Stack>
      )}
      {log.hasNextPage && (
        <Button variant="default" size="xs" onClick={() => void log.fetchNextPage()} loading={log.isFetchingNextPage}>
          Show older
        </Button>
      )}
    </Stack>
  );
}

function Entry({ delivery, endpoint }: { delivery: Delivery; endpoint: Endpoint }) {
  const [isOpen, setOpen] = useState(false);
  const [color, word] = BADGES[delivery.status];
  return (
    <li className={styles.entry}>
      <UnstyledButton className={styles.head} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <IconChevronRight size={16} aria-hidden className={styles.chevron} data-open={isOpen || undefined} />
        <Badge color={color} variant="light">
          {word}
        </Badge>
        <Text size="sm" ff="monospace" className={styles.type}>
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
      </UnstyledButton>
      {isOpen && <Details delivery={delivery} endpoint={endpoint} />}
    </li>
  );
}

function Details({ delivery, endpoint }: { delivery: Delivery; endpoint: Endpoint }) {
  const queries = useQueryClient();
  const { submit, isBusy, problem } = useSubmit(async () => {
    await api.POST("/v1/webhook-endpoints/{endpoint_id}/deliveries/{delivery_id}/redeliver", {
      params: { path: { endpoint_id: endpoint.id, delivery_id: delivery.id } },
    });
    await queries.invalidateQueries({ queryKey: KEY });
  });
  return (
    <Stack gap="sm" py="sm" pl={{ base: 0, sm: 24 }}>
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
        <RoleGate needs="editor">
          {(isAllowed) => (
            <Button size="xs" variant="default" onClick={() => void submit()} loading={isBusy} disabled={!isAllowed || !endpoint.is_active}>
              Send once more
            </Button>
          )}
        </RoleGate>
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
      {delivery.response && <Body title="Answer" text={delivery.response} />}
      {delivery.request_body && <Body title="Request" text={delivery.request_body} />}
    </Stack>
  );
}
