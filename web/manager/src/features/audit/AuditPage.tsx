import { Button, Group, Select, Stack, Text } from "@mantine/core";
import { IconHistory, IconLock } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { $api, BY_CURSOR } from "../../api/api";
import { EmptyState } from "../../ui/EmptyState";
import { Page } from "../../ui/Page";
import { PagedTable } from "../../ui/Paged";
import { RelativeTime } from "../../ui/RelativeTime";
import { useMay } from "../../ui/RoleGate";
import type { Column } from "../../ui/VirtualTable";
import { EntryDrawer } from "./EntryDrawer";
import { actionInWords, ENTITIES, type Entry, thingOf } from "./words";

const COLUMNS: Column<Entry>[] = [
  { id: "action", header: "What", render: (row) => actionInWords(row.action) },
  { id: "thing", header: "On what", hideBelow: "sm", render: (row) => thingOf(row) },
  { id: "who", header: "Who", hideBelow: "sm", render: (row) => row.actor_name || row.actor_id },
  { id: "when", header: "When", width: 148, render: (row) => <RelativeTime at={row.at} /> },
];

/** Who changed what, when, from what to what (rule AC6). */
export function AuditPage() {
  const isOwner = useMay("owner");
  return (
    <Page title="Audit" description="Every change: who made it, when, and what it was before. Entries cannot be changed or removed.">
      {isOwner ? (
        <Log />
      ) : (
        <EmptyState icon={<IconLock size={32} stroke={1.5} />} title="For owners">
          The log tells who did what, so only owners of the workspace see it.
        </EmptyState>
      )}
    </Page>
  );
}

function Log() {
  const { entity, entity_id, entry } = useSearch({ from: "/shell/audit" });
  const navigate = useNavigate();
  const log = $api.useInfiniteQuery("get", "/v1/audit", { params: { query: { limit: 100, entity, entity_id } } }, BY_CURSOR);
  const rows = useMemo(() => log.data?.pages.flatMap((page) => page.entries) ?? [], [log.data]);
  const opened = rows.find((row) => row.id === entry);
  const show = (search: { entity?: string; entity_id?: string }) => void navigate({ to: "/audit", search });

  return (
    <Stack gap="md">
      <Group align="flex-end" gap="sm">
        <Select
          label="About"
          w={220}
          clearable
          placeholder="Everything"
          data={Object.entries(ENTITIES).map(([value, label]) => ({ value, label }))}
          value={entity ?? null}
          onChange={(value) => show(value ? { entity: value } : {})}
        />
        {entity_id && (
          <Button variant="default" onClick={() => show({ entity })}>
            Only {entity_id} · show all
          </Button>
        )}
      </Group>
      <PagedTable
        query={log}
        what="The log"
        lines={8}
        empty={
          <EmptyState icon={<IconHistory size={32} stroke={1.5} />} title="No entry">
            {entity
              ? "Nothing of this kind was changed yet."
              : "The first change somebody makes stands here, with the values before and after."}
          </EmptyState>
        }
        caption="Audit log"
        columns={COLUMNS}
        rows={rows}
        rowKey={(row) => String(row.id)}
        smallDetail={(row) => `${thingOf(row)} · ${row.actor_name || row.actor_id}`}
        rowLink={(row) => ({ to: "/audit", search: { entity, entity_id, entry: row.id } })}
        maxHeight="max(320px, calc(100dvh - 240px))"
      />
      {entry !== undefined && log.data && !opened && (
        <Text c="dimmed">The entry is further down than what is loaded, or is not among these.</Text>
      )}
      {opened && <EntryDrawer entry={opened} onClose={() => show({ entity, entity_id })} />}
    </Stack>
  );
}
