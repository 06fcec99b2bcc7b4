/** Proves T9: host calls are shown with method and model. */
import { expect, it } from "vitest";
import { hostCallWords } from "./hostCall";

it.each([
  ["server.create sale.order.create", "server.create", "sale.order"],
  ["server.search_read res.partner.search_read", "server.search_read", "res.partner"],
  ["server.call sale.order.action_confirm", "server.call", "sale.order.action_confirm"],
  ["webhook", "webhook", ""],
  ["email.send", "email.send", ""],
])("%s", (name, method, target) => {
  expect(hostCallWords(name)).toEqual({ method, target });
});
