// Proves E6 UI1: before it is saved, a change says whose conversations it ends.
import { expect, test } from "vitest";
import { endedBy } from "./ended";

const STORED = { agent_id: "a", allowed_origins: ["https://a.example", "https://b.example"], require_authentication: false };

test("what allows as much or more ends nothing", () => {
  for (const changed of [{}, { allowed_origins: [] }, { allowed_origins: [...STORED.allowed_origins, "https://c.example"] }])
    expect(endedBy(STORED, { ...STORED, ...changed })).toEqual([]);
  expect(endedBy({ ...STORED, require_authentication: true }, STORED)).toEqual([]);
});

test("another agent, fewer sites and known visitors only each end some", () => {
  expect(endedBy(STORED, { ...STORED, agent_id: "b" })).toEqual(["conversations with the agent of now"]);
  const fewer = ["conversations on sites that are not in the list any more"];
  expect(endedBy(STORED, { ...STORED, allowed_origins: ["https://a.example"] })).toEqual(fewer);
  expect(endedBy({ ...STORED, allowed_origins: [] }, STORED)).toEqual(fewer);
  expect(endedBy(STORED, { ...STORED, require_authentication: true })).toEqual(["conversations of visitors nobody vouched for"]);
});
