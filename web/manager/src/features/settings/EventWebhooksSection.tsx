import { Anchor, Button, Modal, Stack } from "@mantine/core";
import { useState } from "react";
import { $api } from "../../api/api";
import { EmptyState } from "../../ui/EmptyState";
import { ErrorState } from "../../ui/ErrorState";
import { Loading } from "../../ui/Loading";
import { RoleGate } from "../../ui/RoleGate";
import { EventWebhook } from "./EventWebhook";
import { EventWebhookForm } from "./EventWebhookForm";
import { Section } from "./Section";

/** Addresses of integrators that are told what happens (rule RE3). */
export function EventWebhooksSection() {
  const endpoints = $api.useQuery("get", "/v1/webhook-endpoints", { params: { query: { limit: 200 } } });
  const [isAdding, setAdding] = useState(false);
  const [made, setMade] = useState<{ id: string; secret: string } | null>(null);
  const list = endpoints.data?.webhook_endpoints ?? [];
  const add = (
    <RoleGate needs="editor">
      {(isAllowed) => (
        <Button disabled={!isAllowed} onClick={() => setAdding(true)}>
          Add an address
        </Button>
      )}
    </RoleGate>
  );
  return (
    <Section
      title="Event webhooks"
      about={
        <>
          Your systems are told what happens: signed requests as in{" "}
          <Anchor href="https://www.standardwebhooks.com" target="_blank" rel="noreferrer" underline="always">
            Standard Webhooks
          </Anchor>
          , tried again for a day when they do not arrive.
        </>
      }
      action={list.length > 0 ? add : undefined}
    >
      {endpoints.error ? (
        <ErrorState error={endpoints.error} what="The list of addresses" onRetry={endpoints.refetch} />
      ) : !endpoints.data ? (
        <Loading lines={3} />
      ) : list.length === 0 ? (
        <EmptyState title="Nobody is told yet" action={add}>
          Give the address of a server of yours, such as https://crm.example.com/callstage, and choose the events: a transcript into the
          CRM, a voicemail into a chat, the end of a call into a spreadsheet. Then send an example and see what your server answers.
        </EmptyState>
      ) : (
        <Stack>
          {list.map((endpoint) => (
            <EventWebhook key={endpoint.id} endpoint={endpoint} secret={made?.id === endpoint.id ? made.secret : ""} />
          ))}
        </Stack>
      )}
      <Modal opened={isAdding} onClose={() => setAdding(false)} title="Add an address">
        <EventWebhookForm
          stored={null}
          onDone={(id, secret) => {
            setMade({ id, secret });
            setAdding(false);
          }}
        />
      </Modal>
    </Section>
  );
}
