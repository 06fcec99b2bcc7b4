import { Select, type SelectProps } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { $api } from "../api/api";

const SHOWN = 50;

type AgentSelectProps = Omit<SelectProps, "data" | "searchable" | "searchValue" | "onSearchChange" | "filter">;

/** One of the tenant's agents, however many there are: the API looks for what is typed. An agent that is not among them keeps its id. */
export function AgentSelect(props: AgentSelectProps) {
  const [typed, setTyped] = useState("");
  const [q] = useDebouncedValue(typed.trim(), 200);
  const first = $api.useQuery("get", "/v1/agents", { params: { query: { limit: SHOWN, sort: "edited" } } }).data;
  const isWhole = first !== undefined && first.next_cursor === null;
  const found = $api.useQuery(
    "get",
    "/v1/agents",
    { params: { query: { limit: SHOWN, sort: "edited", q } } },
    { enabled: !isWhole && q.length > 0, placeholderData: keepPreviousData },
  ).data;
  const names = useMemo(
    () => new Map([...(first?.agents ?? []), ...(found?.agents ?? [])].map((agent) => [agent.agent_id, agent.display_name])),
    [first, found],
  );
  const chosen = props.value ? (names.get(props.value) ?? props.value) : undefined;
  const isAsked = !isWhole && q.length > 0 && q !== chosen;
  const listed = isAsked && found ? found.agents.map((agent) => agent.agent_id) : [...names.keys()];
  const ids = props.value && !listed.includes(props.value) ? [props.value, ...listed] : listed;
  return (
    <Select
      {...props}
      data={ids.map((value) => ({ value, label: names.get(value) ?? value }))}
      searchable
      onSearchChange={setTyped}
      filter={isAsked ? ({ options }) => options : undefined}
      nothingFoundMessage="No agent is called that"
      limit={SHOWN}
    />
  );
}
