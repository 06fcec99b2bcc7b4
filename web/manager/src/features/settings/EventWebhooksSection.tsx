import { Anchor, Modal, Stack } from "@mantine/core";
import { useState } from "react";
import { $api } from "../../api/api";
import { EmptyState } from "../../ui/EmptyState";
import { Loaded } from "../../ui/Loaded";
import { RoleButton } from "../../ui/RoleButton";
import { Section } from "../../ui/Section";
import { EventWebhook } from "./EventWebhook";
import { EventWebhookForm } from "./EventWebhookForm";

/** Addresses of integrators that are told what happens (rule RE3). */
export function EventWebhooksSection() {
  const endpoints = $api.useQuery("get", "/v1/webhook-endpoints", { params: { query: { limit: 200 } } });
  const [isAdding, setAdding] = useState(false);
  const [made, setMade] = useState<{ id: string; secret: string } | null>(null);
  const add = (
    <RoleButton needs="editor" onClick={() => setAdding(true)}>
      Add an address
    </RoleButton>
  );
  return (
    <Section
      title="Event webhooks"
      isBare
      description={
        <>
          Your systems are told what happens: signed requests as in{" "}
          <Anchor href="https://www.standardwebhooks.com" target="_blank" rel="noreferrer" underline="always">
            Standard Webhooks
          </Anchor>
          , tried again for a day when they do not arrive.
        </>
      }
      actions={endpoints.data?.webhook_endpoints.length ? add : undefined}
    >
      <Loaded query={endpoints} what="The list of addresses" lines={3}>
        {({ webhook_endpoints: list }) =>
          list.length === 0 ? (
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
          )
        }
      </Loaded>
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
