import { queryOptions } from "@tanstack/react-query";
import { api, type Schemas } from "./api";

export type OidcWay = Schemas["OidcWay"];

/** How one can sign in here beside a password; needs nobody to be signed in and stays the same while the server runs. */
export const waysQuery = queryOptions({
  queryKey: ["sign-in-ways"],
  staleTime: Number.POSITIVE_INFINITY,
  retry: false,
  queryFn: async () => {
    const { data } = await api.GET("/v1/auth/ways");
    if (!data) throw new Error("no reply");
    return data;
  },
});
