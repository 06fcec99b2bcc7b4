import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { $api } from "../../../api/api";
import { meQuery } from "../../../api/me";
import { relativeTime } from "../../../ui/format";
import { type Command, commandsOf } from "./commands";

/** What the palette offers now; entries from the API join as they arrive. */
export function useCommands(): Command[] {
  const { data: me } = useQuery(meQuery);
  const agents = $api.useQuery("get", "/v1/agents", { params: { query: { limit: 200 } } }).data?.agents;
  const numbers = $api.useQuery("get", "/v1/numbers", { params: { query: { limit: 200 } } }).data?.numbers;
  const calls = $api.useQuery("get", "/v1/calls", { params: { query: { limit: 30 } } }).data?.calls;
  return useMemo(
    () => commandsOf({ role: me?.role ?? "viewer", agents: agents ?? [], numbers: numbers ?? [], calls: calls ?? [], ago: relativeTime }),
    [me?.role, agents, numbers, calls],
  );
}
