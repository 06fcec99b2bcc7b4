import { Badge, Box, Button, Group, Table, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { IconArrowLeft, IconRocket } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schemas } from "../../../api/api";
import { ConfirmDanger } from "../../../ui/ConfirmDanger";
import { EmptyState } from "../../../ui/EmptyState";
import { ErrorState } from "../../../ui/ErrorState";
import { Loading } from "../../../ui/Loading";
import { tell } from "../../../ui/notify";
import { Panel } from "../../../ui/Panel";
import { RelativeTime } from "../../../ui/RelativeTime";
import { RoleGate } from "../../../ui/RoleGate";
import { TextLink } from "../../../ui/TextLink";
import { useDraft } from "../draft/DraftProvider";
import { Comparison } from "./Comparison";
import { forgetDeployInfo } from "./useDeployInfo";

type Deployment = Schemas["DeploymentView"];

/** Every deployment of the agent, numbered: compare any two, go back to one (rule D2). */
export function DeploymentsPage() {
  const { draft } = useDraft();
  useDocumentTitle(`${draft.display_name}: Deployments · Callstage`);
  const agentId = draft.agent_id;
  const history = useInfiniteQuery({
    queryKey: ["get", "/v1/agents/{agent_id}/deployments", agentId],
    initialPageParam: "",
    queryFn: async ({ pageParam }) => {
      const query = pageParam ? { cursor: pageParam } : {};
      const { data } = await api.GET("/v1/agents/{agent_id}/deployments", { params: { path: { agent_id: agentId }, query } });
      return data;
    },
    getNextPageParam: (page) => page?.next_cursor ?? undefined,
  });
  const deployments = history.data?.pages.flatMap((page) => page?.deployments ?? []) ?? [];

  return (
    <Box p={{ base: "md", sm: "xl" }} maw={1040}>
      <TextLink to="/agents/$agentId/stages" params={{ agentId }} size="sm">
        <Group gap={4} component="span" display="inline-flex">
          <IconArrowLeft size={14} /> Back to the stages
        </Group>
      </TextLink>
      <Title order={2} mt="sm" mb="lg">
        Deployments
      </Title>
      {history.isPending && <Loading />}
      {history.error && <ErrorState error={history.error} what="The history" onRetry={history.refetch} />}
      {history.data && deployments.length === 0 && (
        <EmptyState icon={<IconRocket size={28} stroke={1.5} />} title="Nothing is live yet">
          Each deploy is kept here with its number. You can compare any two, and go back to one with a click.
        </EmptyState>
      )}
      {deployments.length > 0 && (
        <>
          <History deployments={deployments} />
          {history.hasNextPage && (
            <Button variant="default" mt="md" loading={history.isFetchingNextPage} onClick={() => void history.fetchNextPage()}>
              Show older ones
            </Button>
          )}
        </>
      )}
    </Box>
  );
}

function History({ deployments }: { deployments: readonly Deployment[] }) {
  const live = deployments.find((item) => item.is_active);
  const [newest, before] = deployments;
  const [pair, setPair] = useState<[number, number] | null>(newest && before ? [before.deployment, newest.deployment] : null);
  const compareWith = (item: Deployment) => {
    const other = live && live !== item ? live : deployments.find((one) => one !== item);
    if (other) setPair([Math.min(item.deployment, other.deployment), Math.max(item.deployment, other.deployment)]);
  };
  return (
    <>
      <Table.ScrollContainer minWidth={520} type="native" role="region" aria-label="History" tabIndex={0} style={{ position: "relative" }}>
        <Table verticalSpacing="xs">
          <caption className="visually-hidden">Deployments, newest first</caption>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col" data-numeric w={88}>
                Number
              </Table.Th>
              <Table.Th scope="col">When</Table.Th>
              <Table.Th scope="col">Who</Table.Th>
              <Table.Th scope="col">
                <span className="visually-hidden">Actions</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {deployments.map((item) => (
              <Table.Tr key={item.deployment}>
                <Table.Td data-numeric>{item.deployment}</Table.Td>
                <Table.Td>
                  <RelativeTime at={item.created_at} />
                </Table.Td>
                <Table.Td>{item.created_by}</Table.Td>
                <Table.Td>
                  <Group gap="xs" justify="flex-end" wrap="nowrap">
                    {item.is_active ? (
                      <Badge tt="none" fw={500}>
                        Live
                      </Badge>
                    ) : (
                      <RollBack deployment={item} live={live} />
                    )}
                    {deployments.length > 1 && (
                      <Button variant="subtle" size="compact-sm" onClick={() => compareWith(item)}>
                        {item.is_active ? "Compare" : "Compare with live"}
                      </Button>
                    )}
                  </Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {pair && (
        <Panel mt="xl" component="section" aria-label="Comparison">
          <Comparison numbers={deployments.map((item) => item.deployment)} pair={pair} onChange={setPair} />
        </Panel>
      )}
    </>
  );
}

/** An earlier snapshot goes live again; the draft stays as it is. */
function RollBack({ deployment, live }: { deployment: Deployment; live: Deployment | undefined }) {
  const { draft, refresh } = useDraft();
  const [isOpen, setOpen] = useState(false);
  const number = deployment.deployment;
  const action = live && number > live.deployment ? `Go forward to ${number}` : `Roll back to ${number}`;

  async function activate() {
    await api.POST("/v1/agents/{agent_id}/deployments/{deployment}/activate", {
      params: { path: { agent_id: draft.agent_id, deployment: number } },
    });
    await Promise.all([refresh(), forgetDeployInfo()]);
    tell(`Deployment ${number} is live again.`);
  }

  return (
    <>
      <RoleGate needs="editor">
        {(isAllowed) => (
          <Button variant="default" size="compact-sm" disabled={!isAllowed} onClick={() => setOpen(true)}>
            {action}
          </Button>
        )}
      </RoleGate>
      <ConfirmDanger isOpen={isOpen} title={`${action}?`} action={action} onConfirm={activate} onClose={() => setOpen(false)}>
        <Text>
          New conversations will run on deployment {number}
          {live ? ` instead of ${live.deployment}` : ""}, within two seconds. Those that run now go on as they began. The draft is not
          changed
          {live ? `, and deployment ${live.deployment} stays in this list.` : "."}
        </Text>
      </ConfirmDanger>
    </>
  );
}
