/**
 * Fails when the home page loads more than its budget: every script and style sheet of the entry and of the home route, gzipped.
 * Fonts are not counted: the browser takes only the subset that the text needs, after the first paint.
 *
 *   node tools/bundle_budget.mjs [folder of the build]
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const BUDGET_BYTES = 200_000;
const ENTRY = "index.html";
const HOME = "src/features/home/HomePage.tsx";

/** Files that a module of the build brings with it, and those of everything it imports. */
export function filesOf(manifest, names) {
  const files = new Set();
  const seen = new Set();
  const visit = (name) => {
    if (seen.has(name)) return;
    seen.add(name);
    const part = manifest[name];
    if (!part) throw new Error(`The build holds no ${name}; was it renamed?`);
    for (const file of [part.file, ...(part.css ?? [])]) if (/\.(js|css)$/.test(file)) files.add(file);
    for (const imported of part.imports ?? []) visit(imported);
  };
  for (const name of names) visit(name);
  return [...files];
}

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1).padStart(7)} kB`;

function weigh(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, ".vite", "manifest.json"), "utf8"));
  const weight = (files) => files.map((file) => [file, gzipSync(readFileSync(join(folder, file)), { level: 9 }).length]);
  const home = filesOf(manifest, [ENTRY, HOME]);
  const rows = weight(home).sort((a, b) => b[1] - a[1]);
  const total = rows.reduce((sum, [, bytes]) => sum + bytes, 0);
  for (const [file, bytes] of rows) process.stdout.write(`${kilobytes(bytes)}  ${file}\n`);
  process.stdout.write(`${kilobytes(total)}  of ${kilobytes(BUDGET_BYTES).trim()} for the home page\n`);
  if (total > BUDGET_BYTES) {
    process.stderr.write("The home page is over its budget: load what it does not show at once with lazy(() => import(…)).\n");
    process.exitCode = 1;
  }
}

weigh(process.argv[2] ?? join(import.meta.dirname, "..", "manager", "dist"));
