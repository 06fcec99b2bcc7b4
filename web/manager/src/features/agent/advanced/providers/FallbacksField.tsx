import { ActionIcon, Button, Group, SegmentedControl, Select, Stack, Text, TextInput, Tooltip } from "@mantine/core";
import { IconArrowUp, IconPlus, IconTrash } from "@tabler/icons-react";
import type { Schemas } from "../../../../api/api";
import { KIND_TITLES, PROVIDERS, type ProviderKind, providerOptions } from "./catalogue";

type Fallback = Schemas["FallbackChoice"];

interface FallbacksFieldProps {
  kind: Exclude<ProviderKind, "realtime">;
  /** Null: the platform's order; empty: none. */
  value: Fallback[] | null;
  onChange: (value: Fallback[] | null) => void;
  isReadOnly: boolean;
}

const MOST = 5;

/** Who steps in when the chosen provider fails. */
export function FallbacksField({ kind, value, onChange, isReadOnly }: FallbacksFieldProps) {
  const mode = value === null ? "platform" : value.length === 0 ? "none" : "own";
  const rows = value ?? [];
  const change = (place: number, changes: Partial<Fallback>) =>
    onChange(rows.map((row, other) => (other === place ? { ...row, ...changes } : row)));
  const first = PROVIDERS[kind][0] ?? "offline";
  return (
    <div>
      <Text size="sm" fw={500} mb={4}>
        When it fails
      </Text>
      <SegmentedControl
        size="xs"
        aria-label={`Fallbacks of ${KIND_TITLES[kind]}`}
        value={mode}
        disabled={isReadOnly}
        onChange={(next) => onChange(next === "platform" ? null : next === "none" ? [] : [{ provider: first }])}
        data={[
          { value: "platform", label: "Platform's order" },
          { value: "own", label: "Own order" },
          { value: "none", label: "No fallback" },
        ]}
      />
      {mode === "own" && (
        <Stack gap="xs" mt="xs" component="ol" pl="lg" mb={0}>
          {rows.map((row, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the same provider may stand in the list twice
            <li key={place}>
              <Group gap="xs" align="center">
                <Select
                  aria-label={`Provider of fallback ${place + 1}`}
                  data={providerOptions(kind, row.provider)}
                  value={row.provider}
                  disabled={isReadOnly}
                  onChange={(provider) => provider && change(place, { provider, model: null, voice: null })}
                  style={{ flex: "1 1 130px", minWidth: 0 }}
                />
                <TextInput
                  aria-label={`Model of fallback ${place + 1}`}
                  placeholder="its own model"
                  value={row.model ?? ""}
                  readOnly={isReadOnly}
                  onChange={(event) => change(place, { model: event.currentTarget.value || null })}
                  style={{ flex: "1 1 130px", minWidth: 0 }}
                />
                {kind === "tts" && (
                  <TextInput
                    aria-label={`Voice of fallback ${place + 1}`}
                    placeholder="its own voice"
                    value={row.voice ?? ""}
                    readOnly={isReadOnly}
                    onChange={(event) => change(place, { voice: event.currentTarget.value || null })}
                    style={{ flex: "1 1 130px", minWidth: 0 }}
                  />
                )}
                {!isReadOnly && (
                  <Group gap={2} wrap="nowrap">
                    <Tooltip label="Earlier">
                      <ActionIcon
                        variant="subtle"
                        color="gray"
                        aria-label={`Move fallback ${place + 1} up`}
                        disabled={place === 0}
                        onClick={() => onChange(swapped(rows, place))}
                      >
                        <IconArrowUp size={16} />
                      </ActionIcon>
                    </Tooltip>
                    <Tooltip label="Remove">
                      <ActionIcon
                        variant="subtle"
                        color="gray"
                        aria-label={`Remove fallback ${place + 1}`}
                        onClick={() => onChange(rows.filter((_, other) => other !== place))}
                      >
                        <IconTrash size={16} />
                      </ActionIcon>
                    </Tooltip>
                  </Group>
                )}
              </Group>
            </li>
          ))}
        </Stack>
      )}
      {mode === "own" && rows.length < MOST && !isReadOnly && (
        <Button
          size="xs"
          variant="default"
          mt="xs"
          leftSection={<IconPlus size={14} />}
          onClick={() => onChange([...rows, { provider: first }])}
        >
          Add fallback
        </Button>
      )}
    </div>
  );
}

function swapped(rows: Fallback[], place: number): Fallback[] {
  const next = [...rows];
  const [moved] = next.splice(place, 1);
  if (moved) next.splice(place - 1, 0, moved);
  return next;
}
