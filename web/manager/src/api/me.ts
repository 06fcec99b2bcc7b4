import { queryOptions } from "@tanstack/react-query";
import { api, type Schemas } from "./api";
import { queryClient } from "./queryClient";

export type Me = Schemas["MeReply"];
export type Role = Me["role"];

const RANK: Record<Role, number> = { viewer: 0, editor: 1, owner: 2 };

export const meQuery = queryOptions({
  queryKey: ["me"],
  staleTime: 60_000,
  retry: false,
  queryFn: async () => {
    const { data } = await api.GET("/v1/me");
    if (!data) throw new Error("no reply");
    return data;
  },
});

/** Whether the person signed in has at least `role`; the server decides again. */
export function isAtLeast(me: Me | undefined, role: Role): boolean {
  return me !== undefined && RANK[me.role] >= RANK[role];
}

export async function signOut(): Promise<void> {
  await api.POST("/v1/auth/logout");
  queryClient.clear();
}
