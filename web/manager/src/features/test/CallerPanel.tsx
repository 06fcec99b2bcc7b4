import { ActionIcon, Button, Group, Stack, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { Section } from "../../ui/Section";
import type { Agent } from "../agent/draft/DraftProvider";
import { type Caller, phoneProblem } from "./caller";

/** Pretend to be any caller; counts from the next conversation on (rule V8). */
export function CallerPanel({ draft, caller, onChange }: { draft: Agent; caller: Caller; onChange: (caller: Caller) => void }) {
  const setRow = (place: number, row: Partial<{ name: string; value: string }>) =>
    onChange({ ...caller, variables: caller.variables.map((old, index) => (index === place ? { ...old, ...row } : old)) });
  return (
    <Section
      title="Caller"
      description="Whom you pretend to be, from the next conversation on. Lookups in your backend run for this caller."
    >
      <Stack gap="sm">
        <TextInput
          label="Phone number"
          placeholder={draft.test_caller_phone ?? "+1 202 555 0147"}
          description={
            draft.test_caller_phone ? `Empty: ${draft.test_caller_phone}, the draft's test caller.` : "Empty: an unknown caller."
          }
          value={caller.phone}
          error={phoneProblem(caller.phone) || undefined}
          onChange={(event) => onChange({ ...caller, phone: event.currentTarget.value })}
          inputMode="tel"
          autoComplete="off"
        />
        {draft.channel === "chat" && (
          <TextInput
            label="E-mail address"
            placeholder={draft.test_sender_email ?? "somebody@example.com"}
            value={caller.email}
            onChange={(event) => onChange({ ...caller, email: event.currentTarget.value })}
            inputMode="email"
            autoComplete="off"
          />
        )}
        {caller.variables.map((row, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows are told apart by their place only
          <Group key={place} gap="xs" wrap="nowrap" align="flex-end">
            <TextInput
              label="Variable"
              value={row.name}
              onChange={(event) => setRow(place, { name: event.currentTarget.value })}
              style={{ flex: 1 }}
            />
            <TextInput
              label="Value"
              value={row.value}
              onChange={(event) => setRow(place, { value: event.currentTarget.value })}
              style={{ flex: 1 }}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              size={30}
              mb={2}
              aria-label={`Remove the variable ${row.name || place + 1}`}
              onClick={() => onChange({ ...caller, variables: caller.variables.filter((_, index) => index !== place) })}
            >
              <IconTrash size={14} />
            </ActionIcon>
          </Group>
        ))}
        <div>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} />}
            onClick={() => onChange({ ...caller, variables: [...caller.variables, { name: "", value: "" }] })}
          >
            Add a variable
          </Button>
        </div>
      </Stack>
    </Section>
  );
}
