import { useQuery } from "@tanstack/react-query";
import { api, type Schemas } from "../../../api/api";
import { queryClient } from "../../../api/queryClient";

export type PhoneNumber = Schemas["NumberReply"];

/** More than anybody scrolls through; a workspace with more looks after them under Numbers. */
const MOST_PAGES = 20;

async function allNumbers(): Promise<PhoneNumber[]> {
  const numbers: PhoneNumber[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { data } = await api.GET("/v1/numbers", { params: { query: { limit: 200, cursor } } });
    numbers.push(...(data?.numbers ?? []));
    if (!data?.next_cursor) break;
    cursor = data.next_cursor;
  }
  return numbers;
}

/** After a change: every list of numbers is read again. */
export async function forgetNumbers(): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: ["get", "/v1/numbers"] });
}

/** All numbers of the workspace. */
export function useNumbers() {
  return useQuery({ queryKey: ["get", "/v1/numbers", "all"], queryFn: allNumbers });
}

/** The one number that leads to this agent (rule N2). */
export function numberOf(numbers: readonly PhoneNumber[] | undefined, agentId: string): PhoneNumber | undefined {
  return numbers?.find((number) => number.inboundRoute === "ai_agent" && number.routeTarget === agentId);
}
