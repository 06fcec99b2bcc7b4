import { Alert, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconDatabase, IconDownload } from "@tabler/icons-react";
import { $api } from "../../../api/api";
import { EmptyState } from "../../../ui/EmptyState";
import { Page } from "../../../ui/Page";
import { RoleButton } from "../../../ui/RoleButton";
import { useMay } from "../../../ui/RoleGate";
import { TextLink } from "../../../ui/TextLink";
import { useDraft } from "../draft/DraftProvider";
import { useBackend } from "../useBackend";
import { ImportModel } from "./ImportModel";
import { ResourceCard } from "./ResourceCard";

/** Backend models as the AI knows them when it writes code. */
export function ResourcesTab() {
  const { draft } = useDraft();
  const mayEdit = useMay("editor");
  const [isImporting, importing] = useDisclosure(false);
  const resources = draft.resources ?? [];
  const hasNone = useBackend(draft.agent_id).stored === null;
  const findings = $api.useQuery(
    "get",
    "/v1/agents/{agent_id}/findings",
    { params: { path: { agent_id: draft.agent_id } } },
    { enabled: resources.length > 0 },
  );
  const action = (
    <RoleButton needs="editor" leftSection={<IconDownload size={14} />} onClick={importing.open}>
      Import from backend
    </RoleButton>
  );
  return (
    <Page
      title="Resources"
      description="What the AI knows of your backend when it writes code: models, their fields, and what tools may do with them."
      actions={resources.length > 0 && action}
    >
      {hasNone && (
        <Alert color="gray" mb="md" title="No backend is connected">
          <Text>
            Models are read from Odoo or ERPNext.{" "}
            <TextLink underline="always" to="/agents/$agentId/advanced" hash="backend" params={{ agentId: draft.agent_id }}>
              Connect one under Advanced
            </TextLink>
            ; until then a model can be described by hand.
          </Text>
        </Alert>
      )}
      {resources.length === 0 ? (
        <EmptyState icon={<IconDatabase size={32} stroke={1.5} aria-hidden />} title="No resources yet" action={action}>
          A resource describes one model of your backend, such as sale.order: which fields there are and what tools may do with it. Generate
          and the templates write code from it. It is read only then; it does not limit what runs.
        </EmptyState>
      ) : (
        <Stack>
          <Text c="dimmed">
            Code that is written already does not follow: after a change here, generate the code of the tools anew, or change it by hand.
          </Text>
          {resources.map((resource) => (
            <ResourceCard key={resource.model} resource={resource} effects={findings.data?.effects ?? []} isReadOnly={!mayEdit} />
          ))}
        </Stack>
      )}
      <ImportModel isOpen={isImporting} onClose={importing.close} hasBackend={!hasNone} />
    </Page>
  );
}
