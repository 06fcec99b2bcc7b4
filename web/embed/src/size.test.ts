// Proves E7: the widget is one file of at most 30 kB gzip that asks no third party for anything and makes no HTML out of text.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";
import { expect, it } from "vitest";

const MOST_BYTES = 30_000;

it("is small, alone, and careful", async () => {
  const root = join(dirname(fileURLToPath(import.meta.url)), "..");
  const built = (await build({ root, logLevel: "silent", build: { write: false } })) as Rolldown.RolldownOutput[];
  const files = built.flatMap((one) => one.output);
  expect(files.map((file) => file.fileName)).toEqual(["callstage_embed.js"]);
  const code = files[0]?.type === "chunk" ? files[0].code : "";
  const size = gzipSync(code, { level: 9 }).length;
  expect(size, `${size} bytes`).toBeLessThanOrEqual(MOST_BYTES);
  expect(code.match(/https?:\/\/[^"'`\s)]+/g) ?? []).toEqual(["http://www.w3.org/2000/svg"]);
  for (const unsafe of ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"])
    expect(code).not.toContain(unsafe);
}, 60_000);
