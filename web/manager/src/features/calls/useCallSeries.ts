import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api } from "../../api/api";
import type { CallsSearch } from "../../app/router";
import { queryOf } from "./filter";

/** Of the reader, whose hours and days the chart shows. Browsers that cannot tell say "Etc/Unknown" or an offset. */
const NAMED = Intl.DateTimeFormat().resolvedOptions().timeZone;
const ZONE = /^[A-Z]/.test(NAMED) && NAMED !== "Etc/Unknown" ? NAMED : "UTC";

/** The calls that the filter leaves, over time. Asked for when somebody looks. */
export function useCallSeries(search: CallsSearch, isWanted: boolean) {
  return useQuery({
    queryKey: ["get", "/v1/calls/series", search],
    enabled: isWanted,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    queryFn: async ({ signal }) => {
      const { data } = await api.GET("/v1/calls/series", { params: { query: { ...queryOf(search), timezone: ZONE } }, signal });
      return data ?? null;
    },
  });
}
