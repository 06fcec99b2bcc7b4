/** Proves E1: origins are exact, whatever was pasted. */
import { expect, test } from "vitest";
import { isAllowed, originOf } from "./origin";

test.each([
  ["https://Shop.example.com/cart?x=1", "https://shop.example.com"],
  ["shop.example.com", "https://shop.example.com"],
  [" http://localhost:8080/ ", "http://localhost:8080"],
  ["https://shop.example.com:443", "https://shop.example.com"],
  ["ftp://shop.example.com", "ftp://shop.example.com"],
  ["not an address", "not an address"],
])("%s", (typed, origin) => {
  expect(originOf(typed)).toBe(origin);
});

test("an empty list allows every site", () => {
  expect(isAllowed("https://a.example", [])).toBe(true);
  expect(isAllowed("https://a.example", ["https://b.example"])).toBe(false);
});
