import { Anchor, Badge, Code, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconEye, IconPencil } from "@tabler/icons-react";
import type { Schemas } from "../../../api/api";
import { messageOf } from "../../../ui/ErrorState";
import { Section } from "../../../ui/Section";

type Effects = Schemas["EffectsReply"];

interface EffectSummaryProps {
  effects: Effects | null;
  /** The effects are of an older text. */
  isBehind: boolean;
  error: unknown;
  isEmpty: boolean;
  onShowLine: (line: number) => void;
}

/** What the code can do, read from it before it runs (rule T12). */
export function EffectSummary({ effects, isBehind, error, isEmpty, onShowLine }: EffectSummaryProps) {
  return (
    <Section title="What it can do" description="Read from the code before it runs." actions={effects && <Verdict effects={effects} />}>
      <div aria-live="polite" aria-busy={isBehind} style={{ opacity: isBehind ? 0.7 : 1 }}>
        {isEmpty && <Text c="dimmed">Nothing yet: there is no code.</Text>}
        {!isEmpty && error !== null && !effects && <Text c="dimmed">The code could not be read now: {messageOf(error)}</Text>}
        {effects && <EffectList effects={effects} onShowLine={onShowLine} />}
      </div>
    </Section>
  );
}

function Verdict({ effects }: { effects: Effects }) {
  if (effects.changes_something) {
    return (
      <Badge variant="default" c="var(--callstage-warn-ink)" leftSection={<IconPencil size={12} aria-hidden />}>
        Changes things
      </Badge>
    );
  }
  return (
    <Badge variant="light" leftSection={<IconEye size={12} aria-hidden />}>
      {effects.is_complete ? "Only reads" : "Reads, as far as seen"}
    </Badge>
  );
}

export function EffectList({ effects, onShowLine }: { effects: Effects; onShowLine?: (line: number) => void }) {
  const groups: [string, string[]][] = [
    ["Reads", effects.models_read],
    ["Changes", effects.writes.map((item) => `${item.operation} ${item.target}`)],
    ["Calls", effects.calls.map((item) => (item.operation === "webhook" ? item.target : `${item.target}.${item.operation}`))],
    ["Integrations", effects.integrations.map((item) => `${item.target}.${item.operation}`)],
  ];
  const shown = groups.filter(([, items]) => items.length > 0);
  return (
    <Stack gap="sm">
      {shown.length === 0 && <Text>Works on its arguments and the session only; nothing outside is reached.</Text>}
      {shown.map(([title, items]) => (
        <div key={title}>
          <Text size="sm" fw={500}>
            {title}
          </Text>
          <Group gap={6} mt={4}>
            {items.map((item) => (
              <Code key={item} style={{ overflowWrap: "anywhere" }}>
                {item}
              </Code>
            ))}
          </Group>
        </div>
      ))}
      {effects.unknown.length > 0 && (
        <div>
          <Group gap={6}>
            <IconAlertTriangle size={14} aria-hidden />
            <Text size="sm" fw={500}>
              Shows only when it runs
            </Text>
          </Group>
          <Stack gap={4} mt={4} component="ul" pl="md" m={0}>
            {effects.unknown.map((item) => (
              <li key={`${item.line}:${item.what}`}>
                <Text size="sm" span>
                  {item.line > 0 && onShowLine ? (
                    <Anchor component="button" type="button" size="sm" onClick={() => onShowLine(item.line)}>
                      Line {item.line}
                    </Anchor>
                  ) : (
                    item.line > 0 && `Line ${item.line}`
                  )}{" "}
                  {item.what}
                </Text>
              </li>
            ))}
          </Stack>
        </div>
      )}
    </Stack>
  );
}
