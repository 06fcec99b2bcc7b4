import { ActionIcon, Button, Group, Menu, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconBookmark, IconSearch, IconX } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { CallsSearch } from "../../app/router";
import { AgentSelect } from "../../ui/AgentSelect";
import { spansWith } from "./filter";
import { useSavedViews } from "./savedViews";
import { CHANNEL_CHOICES, ENDED, FAULT } from "./words";

const choices = (words: Record<string, string>) => Object.entries(words).map(([value, label]) => ({ value, label }));

/** Narrows the list. Everything stands in the address. */
export function CallFilters({ search }: { search: CallsSearch }) {
  const navigate = useNavigate();
  const set = (part: CallsSearch) =>
    void navigate({
      to: "/calls",
      replace: true,
      search: Object.fromEntries(Object.entries({ ...search, ...part }).filter(([, value]) => value)) as CallsSearch,
    });

  return (
    <Group component="search" aria-label="Filter the calls" gap="xs" mb="md">
      <WordsInput value={search.q ?? ""} onChange={(q) => set({ q })} />
      <Choice label="When" value={search.from} data={spansWith(search)} onChange={(from) => set({ from, to: "" })} />
      <AgentSelect
        aria-label="Agent"
        placeholder="Agent"
        value={search.agent_id || null}
        onChange={(agent_id) => set({ agent_id: agent_id ?? "" })}
        clearable
        clearButtonProps={{ "aria-label": "Any: Agent" }}
        w={152}
      />
      <NumberInputText value={search.number ?? ""} onChange={(number) => set({ number })} />
      <Choice
        label="Direction"
        value={search.direction}
        data={choices({ inbound: "Inbound", outbound: "Outbound" })}
        onChange={(direction) => set({ direction })}
      />
      <Choice label="Ended" value={search.ended_reason} data={choices(ENDED)} onChange={(ended_reason) => set({ ended_reason })} />
      <Choice label="Who has to act" value={search.fault} data={choices(FAULT)} onChange={(fault) => set({ fault })} />
      <Choice label="Channel" value={search.channel} data={CHANNEL_CHOICES} onChange={(channel) => set({ channel })} />
      <Choice
        label="Tests"
        value={search.is_test}
        data={choices({ false: "Without tests", true: "Tests only" })}
        onChange={(is_test) => set({ is_test })}
      />
      <Views search={search} />
    </Group>
  );
}

interface ChoiceProps {
  label: string;
  value: string | undefined;
  data: { value: string; label: string }[];
  onChange: (value: string) => void;
}

function Choice({ label, value, data, onChange }: ChoiceProps) {
  return (
    <Select
      aria-label={label}
      placeholder={label}
      data={data.filter((choice) => choice.value !== "")}
      value={value || null}
      onChange={(chosen) => onChange(chosen ?? "")}
      clearable
      searchable={data.length > 8}
      clearButtonProps={{ "aria-label": `Any: ${label}` }}
      w={152}
    />
  );
}

function WordsInput({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  const later = useDebouncedCallback(onChange, 300);
  useEffect(() => setTyped(value), [value]);
  return (
    <TextInput
      aria-label="Words that were said"
      placeholder="Words that were said"
      leftSection={<IconSearch size={16} />}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        later(event.currentTarget.value);
      }}
      w={220}
    />
  );
}

function NumberInputText({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  const later = useDebouncedCallback(onChange, 300);
  useEffect(() => setTyped(value), [value]);
  return (
    <TextInput
      aria-label="Number"
      placeholder="Number"
      inputMode="tel"
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        later(event.currentTarget.value.replace(/[\s()-]/g, ""));
      }}
      w={152}
    />
  );
}

function Views({ search }: { search: CallsSearch }) {
  const { views, save, remove } = useSavedViews();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const isFiltered = Object.values(search).some(Boolean);
  return (
    <Menu position="bottom-end" closeOnItemClick={false} width={280}>
      <Menu.Target>
        <Button variant="default" leftSection={<IconBookmark size={16} />}>
          Views
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => void navigate({ to: "/calls", search: {} })}>All calls</Menu.Item>
        {views.map((view) => (
          <Group key={view.name} wrap="nowrap" gap={4}>
            <Menu.Item onClick={() => void navigate({ to: "/calls", search: view.search })}>{view.name}</Menu.Item>
            <ActionIcon variant="subtle" color="gray" aria-label={`Forget the view ${view.name}`} onClick={() => remove(view.name)}>
              <IconX size={14} />
            </ActionIcon>
          </Group>
        ))}
        <Menu.Divider />
        <Group
          component="form"
          gap={4}
          p={4}
          wrap="nowrap"
          onSubmit={(event) => {
            event.preventDefault();
            save({ name: name.trim(), search });
            setName("");
          }}
        >
          <TextInput
            aria-label="Name of the view"
            placeholder={isFiltered ? "Save this filter as…" : "Set a filter to save it"}
            disabled={!isFiltered}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Button type="submit" disabled={!isFiltered || !name.trim()}>
            Save
          </Button>
        </Group>
      </Menu.Dropdown>
    </Menu>
  );
}
