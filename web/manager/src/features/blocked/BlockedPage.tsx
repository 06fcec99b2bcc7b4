import { Button, Stack } from "@mantine/core";
import { IconShieldCheck } from "@tabler/icons-react";
import { useMemo } from "react";
import { $api, api, BY_CURSOR, type Schemas } from "../../api/api";
import { queryClient } from "../../api/queryClient";
import { EmptyState } from "../../ui/EmptyState";
import { phone } from "../../ui/format";
import { tell, tellProblem } from "../../ui/notify";
import { Page } from "../../ui/Page";
import { PagedTable } from "../../ui/Paged";
import { RelativeTime } from "../../ui/RelativeTime";
import { useMay } from "../../ui/RoleGate";
import type { Column } from "../../ui/VirtualTable";
import { BlockForm } from "./BlockForm";
import { DIRECTIONS } from "./directions";

type Blocked = Schemas["BlockedNumberReply"];

async function unblock(number: string): Promise<void> {
  try {
    await api.DELETE("/v1/blocked-numbers/{number}", { params: { path: { number } } });
    await queryClient.invalidateQueries({ queryKey: ["get", "/v1/blocked-numbers"] });
    tell(`${phone(number)} is no longer blocked.`);
  } catch (error) {
    tellProblem(error, `${phone(number)} is still blocked`);
  }
}

/** Numbers that may not call or be called (rule N3). */
export function BlockedPage() {
  const mayEdit = useMay("editor");
  const blocked = $api.useInfiniteQuery("get", "/v1/blocked-numbers", { params: { query: { limit: 100 } } }, BY_CURSOR);
  const rows = useMemo(() => blocked.data?.pages.flatMap((page) => page.blocked_numbers) ?? [], [blocked.data]);
  const columns = useMemo(() => columnsOf(mayEdit), [mayEdit]);

  return (
    <Page title="Blocked numbers" description="A blocked caller is refused before an agent answers; a blocked number is never called.">
      <Stack gap="lg">
        <BlockForm />
        <PagedTable
          query={blocked}
          what="The blocked numbers"
          lines={3}
          empty={
            <EmptyState icon={<IconShieldCheck size={32} stroke={1.5} />} title="Nobody is blocked">
              When somebody keeps calling for nothing, block the number above. It takes effect at once, also for calls that go out.
            </EmptyState>
          }
          caption="Blocked numbers"
          columns={columns}
          rows={rows}
          rowKey={(row) => row.number}
          smallDetail={(row) => [DIRECTIONS[row.direction], row.reason].filter(Boolean).join(" · ")}
          maxHeight="max(320px, calc(100dvh - 340px))"
        />
      </Stack>
    </Page>
  );
}

function columnsOf(mayEdit: boolean): Column<Blocked>[] {
  return [
    { id: "number", header: "Number", render: (row) => <span className="figures">{phone(row.number)}</span> },
    { id: "direction", header: "Blocked", hideBelow: "sm", width: 176, render: (row) => DIRECTIONS[row.direction] },
    { id: "reason", header: "Reason", hideBelow: "sm", render: (row) => <span title={row.reason ?? undefined}>{row.reason ?? "–"}</span> },
    { id: "since", header: "Since", hideBelow: "sm", width: 152, render: (row) => <RelativeTime at={row.created_at} /> },
    {
      id: "unblock",
      header: "Unblock",
      isHeaderHidden: true,
      width: 112,
      render: (row) => (
        <Button
          variant="subtle"
          size="compact-sm"
          disabled={!mayEdit}
          aria-label={`Unblock ${phone(row.number)}`}
          onClick={() => void unblock(row.number)}
        >
          Unblock
        </Button>
      ),
    },
  ];
}
