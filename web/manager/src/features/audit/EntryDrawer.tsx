import { Drawer, Group, Stack, Text, Title } from "@mantine/core";
import { useMemo } from "react";
import { Copyable } from "../../ui/Copyable";
import { absoluteTime } from "../../ui/format";
import { TextLink } from "../../ui/TextLink";
import { DiffView } from "../agent/diff/DiffView";
import { type Change, changesOf } from "./changes";
import { actionInWords, ENTITIES, type Entry, pageOf, thingOf } from "./words";

/** One entry: who, when, and what was before and is now (rule AC6). */
export function EntryDrawer({ entry, onClose }: { entry: Entry; onClose: () => void }) {
  const changes = useMemo(() => changesOf(entry.before, entry.after), [entry]);
  const page = pageOf(entry);
  return (
    <Drawer opened onClose={onClose} title={actionInWords(entry.action)} size={640}>
      <Stack gap="lg">
        <div>
          <Text>
            {entry.actor_name || entry.actor_id}{" "}
            <Text component="span" c="dimmed">
              ({actorKind(entry.actor_kind)})
            </Text>
          </Text>
          <Text c="dimmed">{absoluteTime(entry.at)}</Text>
        </div>
        <Group gap="md">
          <Copyable value={entry.entity_id} label="the id" />
          {page && <TextLink {...page}>Open {thingOf(entry)}</TextLink>}
          <TextLink to="/audit" search={{ entity: entry.entity, entity_id: entry.entity_id }}>
            Everything about {thingOf(entry)}
          </TextLink>
        </Group>
        {changes.length === 0 && (
          <Text c="dimmed">
            The entry tells no values; {ENTITIES[entry.entity]?.toLowerCase() ?? "this"} keep theirs secret or had none to change.
          </Text>
        )}
        {changes.map((change) => (
          <FieldChange key={change.field} change={change} />
        ))}
      </Stack>
    </Drawer>
  );
}

function FieldChange({ change }: { change: Change }) {
  return (
    <section aria-label={change.field}>
      <Title order={3} mb={4}>
        {change.field}
      </Title>
      {change.isText ? (
        <DiffView before={change.before} after={change.after} />
      ) : (
        <Text component="div" style={{ overflowWrap: "anywhere" }}>
          {change.before && (
            <>
              <span className="visually-hidden">before: </span>
              <del style={{ color: "var(--mantine-color-dimmed)" }}>{change.before}</del>
            </>
          )}
          {change.before && change.after && <span aria-hidden> → </span>}
          {change.after ? (
            <>
              <span className="visually-hidden"> now: </span>
              <ins style={{ textDecoration: "none", fontWeight: 500 }}>{change.after}</ins>
            </>
          ) : (
            <Text component="span" c="dimmed">
              {" "}
              (now empty)
            </Text>
          )}
        </Text>
      )}
    </section>
  );
}

function actorKind(kind: string): string {
  return { user: "signed in", api_key: "API key", system: "the platform" }[kind] ?? kind;
}
