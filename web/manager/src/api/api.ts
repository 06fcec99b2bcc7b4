/** The one way to the server: `api` for calls in handlers, `$api` for queries and mutations in components. */
import { createApi } from "@callstage/shared/api";
import createQueryApi from "openapi-react-query";

export { ApiProblem, type Schemas } from "@callstage/shared/api";

export const api = createApi(window.location.origin);
export const $api = createQueryApi(api);
