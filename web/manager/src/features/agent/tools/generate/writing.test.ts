/** Proves T10: generated code streams into the editor, with its repairs. */
import { describe, expect, it } from "vitest";
import { serverSentEvents } from "./serverSentEvents";
import { advanced, codeIn, NOT_BEGUN, type Writing } from "./writing";

const RESULT = { code: "return {}\n", is_good: true, remarks: [], beyond: [], repairs: 1, provider: "openai", model: "m" };

function bodyOf(text: string, size: number): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
      controller.close();
    },
  });
}

const EVENTS: [string, object][] = [
  ["delta", { text: "```python\nreturn" }],
  ["delta", { text: " nope\n```" }],
  ["draft", { result: { ...RESULT, code: "return nope\n", repairs: 0 } }],
  ["delta", { text: "```python\nret" }],
  ["done", { result: RESULT }],
];
const STREAM = EVENTS.map(([event, data]) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`).join("");

describe("a stream", () => {
  it.each([1, 7, 10_000])("is read whole in pieces of %i bytes", async (size) => {
    let writing: Writing = NOT_BEGUN;
    const shown: string[] = [];
    for await (const { event, data } of serverSentEvents(bodyOf(STREAM, size))) {
      writing = advanced(writing, event, data);
      shown.push(`${writing.phase}:${writing.code}`);
    }
    expect(shown).toEqual(["writing:return", "writing:return nope\n", "repairing:return nope\n", "repairing:ret", "done:return {}\n"]);
    expect(writing.result?.repairs).toBe(1);
  });

  it("keeps what was written when it fails", () => {
    const before = advanced(NOT_BEGUN, "delta", JSON.stringify({ text: "x = 1\n" }));
    expect(advanced(before, "error", JSON.stringify({ text: "The model took too long." }))).toMatchObject({
      phase: "failed",
      problem: "The model took too long.",
      code: "x = 1\n",
    });
  });
});

describe("the code of an answer", () => {
  it.each([
    ["", ""],
    ["``", ""],
    ["```py", ""],
    ["```python\nx = 1", "x = 1"],
    ["Here it is:\n```python\nx = 1\n```\nDone.", "x = 1\n"],
    ["```python\nx = 1\n``", "x = 1\n"],
    ["x = 1\n", "x = 1\n"],
  ])("%j is %j", (answer, code) => {
    expect(codeIn(answer)).toBe(code);
  });
});
