/** Proves V8 D4: a test pretends to be any caller, and leaves out what was not filled in. */
import { expect, it } from "vitest";
import { askOf, keepCaller, NOBODY, phoneProblem, readCaller } from "./caller";

it("asks for what was filled in only", () => {
  expect(askOf(NOBODY)).toEqual({});
  const caller = {
    phone: "+1 (202) 555-0147",
    email: " ada@example.com ",
    variables: [
      { name: " plan ", value: "gold" },
      { name: "", value: "x" },
    ],
  };
  expect(askOf(caller)).toEqual({ caller_phone: "+12025550147", sender_email: "ada@example.com", variables: { plan: "gold" } });
});

it("says what is wrong with a number", () => {
  expect(["", "+1 202 555 0147", "+49-30-1234"].map(phoneProblem)).toEqual(["", "", ""]);
  expect(["0301234", "+0123456", "+1", "hello"].every((phone) => phoneProblem(phone) !== "")).toBe(true);
});

it("is kept per agent, and survives a storage with rubbish in it", () => {
  const kept = new Map<string, string>();
  const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
  const caller = { ...NOBODY, phone: "+1202" };
  keepCaller("shop", caller, storage);
  expect([readCaller("shop", storage), readCaller("other", storage)]).toEqual([caller, NOBODY]);
  for (const rubbish of ["{", "[]", '{"phone": 1}']) {
    kept.set("callstage.test.caller.shop", rubbish);
    expect(readCaller("shop", storage)).toEqual(NOBODY);
  }
});
