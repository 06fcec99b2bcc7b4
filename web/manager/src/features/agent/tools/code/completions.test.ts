/** Proves T1 T3: the editor offers what tool code has in scope. */
import { CompletionContext } from "@codemirror/autocomplete";
import { EditorState } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import { completionsFor } from "./completions";

async function offered(before: string): Promise<{ labels: string[]; from: number } | null> {
  const context = new CompletionContext(EditorState.create({ doc: before }), before.length, false);
  const result = await completionsFor(["order_id", "phone"])(context);
  return result ? { labels: result.options.map((option) => option.label), from: result.from } : null;
}

describe("completion", () => {
  it("offers the parameters as arguments", async () => {
    expect(await offered('x = args.get("ord')).toEqual({ labels: ["order_id", "phone"], from: 14 });
    expect((await offered("x = args["))?.labels).toEqual(['"order_id"', '"phone"']);
  });

  it("offers the methods of the backend and of integrations", async () => {
    expect((await offered("await server.se"))?.labels).toContain("search_read");
    expect((await offered('mail = integrations.get("'))?.labels).toEqual(["email", "calendar", "whatsapp"]);
    expect((await offered("await calendar."))?.labels).toEqual(["get_available_slots", "book"]);
  });

  it("offers what is in scope, and nothing in empty space", async () => {
    expect((await offered("ser"))?.labels).toContain("server");
    expect(await offered("x = ")).toBeNull();
  });
});
