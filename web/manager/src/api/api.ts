/** The one way to the server: `api` for calls in handlers, `$api` for queries and mutations in components. */
import { createApi } from "@callstage/shared/api";
import createQueryApi from "openapi-react-query";

export { ApiProblem, type Schemas } from "@callstage/shared/api";

export const api = createApi(window.location.origin);
export const $api = createQueryApi(api);

/** For `$api.useInfiniteQuery`: lists answer page after page (rule RE1). */
export const BY_CURSOR = {
  pageParamName: "cursor",
  initialPageParam: null,
  getNextPageParam: (page: { next_cursor?: string | null }) => page.next_cursor ?? undefined,
};
