/** The REST API with its types, generated from control-api's OpenAPI document (`npm run api`). */
import createClient, { type Client, type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema";

export type { components, paths };
export type Schemas = components["schemas"];

export interface FieldProblem {
  field: string;
  message: string;
}

/** A reply that is not 2xx, from its problem+json body (rule RE1). */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: FieldProblem[] = [],
    readonly body: Record<string, unknown> = {},
  ) {
    super(message);
    this.name = "ApiProblem";
  }

  /** What is wrong with one field, or with an item of its list, when the API named it. */
  fieldMessage(field: string): string | undefined {
    const isOfField = (named: string) => named === field || named.endsWith(`.${field}`);
    return this.fields.find((problem) => isOfField(problem.field) || isOfField(problem.field.replace(/\.\d+$/, "")))?.message;
  }
}

/** Reads problem+json; a body that is something else becomes a plain sentence. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const text = await response.text().catch(() => "");
  let body: Record<string, unknown> = {};
  try {
    body = JSON.parse(text) as Record<string, unknown>;
  } catch {
    // An error page of a proxy in between: its text is not for people.
  }
  const unsaid =
    response.status >= 502 && response.status <= 504
      ? "Callstage does not answer at the moment; it may be restarting."
      : `The server answered ${response.status}.`;
  const message = typeof body.detail === "string" && body.detail ? body.detail : unsaid;
  const fields = Array.isArray(body.errors) ? (body.errors as FieldProblem[]) : [];
  return new ApiProblem(response.status, typeof body.code === "string" ? body.code : "unexpected_reply", message, fields, body);
}

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/** Session cookie needs this header on writes; every POST gets an idempotency key, so that a repeated click makes one thing. */
const writes: Middleware = {
  onRequest({ request }) {
    if (SAFE.has(request.method)) return undefined;
    request.headers.set("x-callstage-csrf", "1");
    if (request.method === "POST" && !request.headers.has("idempotency-key")) request.headers.set("idempotency-key", crypto.randomUUID());
    return request;
  },
};

const problems: Middleware = {
  async onResponse({ response }) {
    if (!response.ok) throw await problemOf(response);
    return undefined;
  },
  onError() {
    return new ApiProblem(0, "unreachable", "Callstage cannot be reached. Check the connection; nothing was lost.");
  },
};

/** A client whose calls throw `ApiProblem`; `baseUrl` empty: the page's own origin. */
export function createApi(baseUrl = ""): Client<paths> {
  // `fetch` is looked up at every call, so that tests may stand in for it.
  const client = createClient<paths>({ baseUrl, credentials: "same-origin", fetch: (request) => fetch(request) });
  client.use(problems, writes);
  return client;
}
