/** For component tests: an API made of handlers; what a test adds to them is gone after it. */
import type { RequestHandler } from "msw";
import { type SetupServer, setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll } from "vitest";
import type { Me, Role } from "../api/me";
import { queryClient } from "../api/queryClient";

export function fakeApi(...handlers: RequestHandler[]): SetupServer {
  const network = setupServer(...handlers);
  beforeAll(() => network.listen());
  afterEach(() => {
    network.resetHandlers();
    queryClient.clear();
  });
  afterAll(() => network.close());
  return network;
}

/** Ann, signed in. */
export function exampleMe(role: Role): Me {
  return { tenant_id: "t", kind: "user", id: "u", name: "Ann", role, scopes: [] };
}
