import { Badge, Button, Group, Menu, Modal, Stack, Text } from "@mantine/core";
import { IconPlugConnected } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { $api, api, type Schemas } from "../../api/api";
import { ConfirmDanger } from "../../ui/ConfirmDanger";
import { EmptyState } from "../../ui/EmptyState";
import { Loaded } from "../../ui/Loaded";
import { tell, tellProblem } from "../../ui/notify";
import { Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { RelativeTime } from "../../ui/RelativeTime";
import { RoleGate } from "../../ui/RoleGate";
import { IntegrationForm } from "./IntegrationForm";
import { KINDS, type Kind, kindOf } from "./kinds";

type Integration = Schemas["IntegrationListed"];

/** What the dialog edits: something new of a kind, or something that exists. */
type Edited = { kind: Kind; integration?: Integration };

export function IntegrationsPage() {
  const integrations = $api.useQuery("get", "/v1/integrations");
  const [edited, setEdited] = useState<Edited | null>(null);

  const connect = (
    <RoleGate needs="editor">
      {(isAllowed) => (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button disabled={!isAllowed}>Connect an account</Button>
          </Menu.Target>
          <Menu.Dropdown>
            {KINDS.map((kind) => (
              <Menu.Item key={kind.provider} onClick={() => setEdited({ kind })}>
                {kind.label}
                <Text size="xs" c="dimmed">
                  {kind.about}
                </Text>
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
    </RoleGate>
  );

  return (
    <Page
      title="Integrations"
      description="Mailboxes that agents answer, and the mail, calendar and WhatsApp accounts that their tools use. Attach them to an agent under Advanced."
      actions={connect}
    >
      <Loaded query={integrations} what="The integrations">
        {({ integrations: list }) =>
          list.length === 0 ? (
            <EmptyState icon={<IconPlugConnected size={32} stroke={1.5} />} title="Nothing connected yet">
              Connect a mailbox, and an agent can answer it, or a tool send the confirmation of an order; connect a calendar, and it can
              offer free times and book one without double bookings.
            </EmptyState>
          ) : (
            <Stack gap="sm">
              {list.map((integration) => (
                <IntegrationCard
                  key={integration.id}
                  integration={integration}
                  onEdit={() => setEdited({ kind: kindOf(integration.provider), integration })}
                />
              ))}
            </Stack>
          )
        }
      </Loaded>
      <Modal opened={edited !== null} onClose={() => setEdited(null)} title={edited?.integration?.name ?? edited?.kind.label} size="lg">
        {edited && <IntegrationForm kind={edited.kind} stored={edited.integration} onDone={() => setEdited(null)} />}
      </Modal>
    </Page>
  );
}

function IntegrationCard({ integration, onEdit }: { integration: Integration; onEdit: () => void }) {
  const users = integration.used_by;
  const queries = useQueryClient();
  const [isTesting, setTesting] = useState(false);
  const [isRemoving, setRemoving] = useState(false);
  const reload = () => queries.invalidateQueries({ queryKey: ["get", "/v1/integrations"] });

  async function test() {
    setTesting(true);
    try {
      const { data } = await api.POST("/v1/integrations/{integration_id}/test", { params: { path: { integration_id: integration.id } } });
      if (data?.ok) tell(`${integration.name} works: ${data.account || data.message}`);
      else tellProblem(new Error(data?.message ?? ""), `${integration.name} does not work`);
      await reload();
    } catch (error) {
      tellProblem(error, `${integration.name} could not be tested`);
    } finally {
      setTesting(false);
    }
  }

  return (
    <Panel p="md" component="article" aria-label={integration.name}>
      <Group justify="space-between">
        <div>
          <Group gap="xs">
            <Text fw={600}>{integration.name}</Text>
            <Badge variant="light">{integration.category}</Badge>
          </Group>
          <Text size="sm" c="dimmed">
            {kindOf(integration.provider).label}
            {integration.account && ` · ${integration.account}`}
            {users.length > 0 ? ` · used by ${users.join(", ")}` : " · no agent uses it yet"}
            {" · changed "}
            <RelativeTime at={integration.updated_at} />
          </Text>
        </div>
        <RoleGate needs="editor">
          {(isAllowed) => (
            <Group gap="xs">
              <Button variant="default" loading={isTesting} disabled={!isAllowed} onClick={() => void test()}>
                Test
              </Button>
              <Button variant="default" disabled={!isAllowed} onClick={onEdit}>
                Change
              </Button>
              <Button variant="subtle" color="red.8" disabled={!isAllowed} onClick={() => setRemoving(true)}>
                Remove
              </Button>
            </Group>
          )}
        </RoleGate>
      </Group>
      <ConfirmDanger
        isOpen={isRemoving}
        title={`Remove ${integration.name}?`}
        action={`Remove ${integration.name}`}
        onClose={() => setRemoving(false)}
        onConfirm={async () => {
          await api.DELETE("/v1/integrations/{integration_id}", { params: { path: { integration_id: integration.id } } });
          await reload();
        }}
      >
        {users.length > 0
          ? `${users.join(", ")} ${users.length > 1 ? "use" : "uses"} it: detach it there first.`
          : "No agent uses it. Its stored secret is deleted."}
      </ConfirmDanger>
    </Panel>
  );
}
