import { Badge, Stack, Text, Tooltip } from "@mantine/core";
import { IconPhonePlus, IconPlus } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { $api, BY_CURSOR, type Schemas } from "../../api/api";
import { EmptyState } from "../../ui/EmptyState";
import { phone } from "../../ui/format";
import { Page } from "../../ui/Page";
import { PagedTable } from "../../ui/Paged";
import { RoleButton } from "../../ui/RoleButton";
import type { Column } from "../../ui/VirtualTable";
import { CarrierPanel } from "./CarrierPanel";
import { NumberDrawer } from "./NumberDrawer";
import { routeInWords } from "./routes";

type PhoneNumber = Schemas["NumberReply"];

/** Numbers and where their calls go (rules N1, N2, N5). The open one stands in the address. */
export function NumbersPage() {
  const numbers = $api.useInfiniteQuery("get", "/v1/numbers", { params: { query: { limit: 100 } } }, BY_CURSOR);
  const agents = $api.useQuery("get", "/v1/agents", { params: { query: { limit: 200 } } }).data?.agents;
  const search = useSearch({ from: "/shell/numbers" });
  const navigate = useNavigate();
  const [isAdding, setAdding] = useState(search.agent !== undefined);
  const rows = useMemo(() => numbers.data?.pages.flatMap((page) => page.numbers) ?? [], [numbers.data]);
  const nameOf = useMemo(() => new Map(agents?.map((agent) => [agent.agent_id, agent.display_name])), [agents]);
  const columns = useMemo(() => columnsOf(nameOf), [nameOf]);
  const opened = rows.find((row) => row.id === search.number);
  const close = () => {
    setAdding(false);
    void navigate({ to: "/numbers", replace: true });
  };
  const add = (
    <RoleButton needs="editor" leftSection={<IconPlus size={16} />} onClick={() => setAdding(true)}>
      Add number
    </RoleButton>
  );

  return (
    <Page title="Numbers" description="Phone numbers of your carrier, and who answers them." actions={rows.length > 0 && add}>
      <Stack gap="lg">
        <PagedTable
          query={numbers}
          what="The numbers"
          empty={
            <EmptyState icon={<IconPhonePlus size={32} stroke={1.5} />} title="No number yet" action={add}>
              Add a number you have at Twilio or Telnyx and choose the agent that answers it. One agent has one number; a number may lead to
              a queue, a person or voicemail, too.
            </EmptyState>
          }
          caption="Numbers"
          columns={columns}
          rows={rows}
          rowKey={(row) => row.id}
          smallDetail={(row) => leadsTo(row, nameOf)}
          rowLink={(row) => ({ to: "/numbers", search: { number: row.id } })}
          maxHeight="max(280px, calc(100dvh - 480px))"
        />
        {/* Not before the numbers: it would move down when they come. */}
        {!numbers.isPending && <CarrierPanel />}
      </Stack>
      {(isAdding || opened) && (
        <NumberDrawer
          key={opened?.id ?? "new"}
          number={opened}
          forAgent={search.agent}
          agents={agents ?? []}
          numbers={rows}
          onClose={close}
        />
      )}
    </Page>
  );
}

/** The agent by its name, everything else in words. */
function leadsTo(number: PhoneNumber, nameOf: ReadonlyMap<string, string>): string {
  if (number.inboundRoute !== "ai_agent") return routeInWords(number.inboundRoute, number.routeTarget);
  return number.routeTarget ? (nameOf.get(number.routeTarget) ?? number.routeTarget) : "No agent chosen";
}

function columnsOf(nameOf: ReadonlyMap<string, string>): Column<PhoneNumber>[] {
  return [
    { id: "number", header: "Number", render: (row) => <span className="figures">{phone(row.number)}</span> },
    {
      id: "route",
      header: "Calls go to",
      hideBelow: "sm",
      render: (row) => leadsTo(row, nameOf),
    },
    { id: "state", header: "State", width: 128, render: (row) => <NumberState number={row} /> },
    { id: "transfer", header: "Hands over to", hideBelow: "lg", render: (row) => routeInWords(row.aiTransferType, row.aiTransferTarget) },
    { id: "fallback", header: "Unanswered", hideBelow: "md", render: (row) => routeInWords(row.fallback?.type, row.fallback?.target) },
  ];
}

function NumberState({ number }: { number: PhoneNumber }) {
  if (number.live) return <Badge color="signal">Live</Badge>;
  if (number.inboundRoute !== "ai_agent") {
    return (
      <Text size="sm" c="dimmed" component="span">
        No agent
      </Text>
    );
  }
  return (
    <Tooltip label="The agent was never deployed: its callers get what stands under “Unanswered”.">
      <Badge color="orange">Not deployed</Badge>
    </Tooltip>
  );
}
