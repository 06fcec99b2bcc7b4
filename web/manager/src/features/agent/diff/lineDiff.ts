/** What changed between two texts, line by line. Pure. */

export interface Line {
  kind: "same" | "added" | "removed";
  text: string;
  /** Line numbers in the text before and after, from 1. */
  before?: number;
  after?: number;
}

export interface Gap {
  kind: "gap";
  /** Lines that are the same in both and not shown. */
  lines: number;
}

/** Above this the middle is shown as replaced as a whole: comparing it would stop the page. */
const MOST_PAIRS = 4_000_000;

export function lineDiff(before: string, after: string): Line[] {
  return sequenceDiff(linesOf(before), linesOf(after));
}

function sequenceDiff(from: readonly string[], to: readonly string[]): Line[] {
  let start = 0;
  while (start < from.length && start < to.length && from[start] === to[start]) start += 1;
  let [fromEnd, toEnd] = [from.length, to.length];
  while (fromEnd > start && toEnd > start && from[fromEnd - 1] === to[toEnd - 1]) {
    fromEnd -= 1;
    toEnd -= 1;
  }
  const lines: Line[] = [];
  const same = (place: number, other: number) => lines.push({ kind: "same", text: from[place] ?? "", before: place + 1, after: other + 1 });
  for (let place = 0; place < start; place += 1) same(place, place);
  lines.push(...middle(from, to, start, fromEnd, toEnd));
  for (let place = fromEnd; place < from.length; place += 1) same(place, place - fromEnd + toEnd);
  return lines;
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

function middle(from: readonly string[], to: readonly string[], start: number, fromEnd: number, toEnd: number): Line[] {
  const [rows, columns] = [fromEnd - start, toEnd - start];
  // Length of the longest common part of what is left, from each pair of places on.
  const isTooLong = rows * columns > MOST_PAIRS;
  const width = columns + 1;
  const common = isTooLong ? new Uint32Array(0) : new Uint32Array((rows + 1) * width);
  const at = (row: number, column: number) => common[row * width + column] ?? 0;
  if (!isTooLong) {
    for (let row = rows - 1; row >= 0; row -= 1) {
      for (let column = columns - 1; column >= 0; column -= 1) {
        common[row * width + column] =
          from[start + row] === to[start + column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
      }
    }
  }
  const lines: Line[] = [];
  let [row, column] = [0, 0];
  while (row < rows || column < columns) {
    const [left, right] = [from[start + row] ?? "", to[start + column] ?? ""];
    if (row < rows && column < columns && left === right && !isTooLong) {
      lines.push({ kind: "same", text: left, before: start + row + 1, after: start + column + 1 });
      row += 1;
      column += 1;
    } else if (row < rows && (column >= columns || isTooLong || at(row + 1, column) >= at(row, column + 1))) {
      lines.push({ kind: "removed", text: left, before: start + row + 1 });
      row += 1;
    } else {
      lines.push({ kind: "added", text: right, after: start + column + 1 });
      column += 1;
    }
  }
  return lines;
}

/** Leaves out what is far from any change. */
export function nearChanges(lines: readonly Line[], context = 3): (Line | Gap)[] {
  const isNear = new Array<boolean>(lines.length).fill(false);
  for (const [place, line] of lines.entries()) {
    if (line.kind === "same") continue;
    for (let near = Math.max(0, place - context); near <= Math.min(lines.length - 1, place + context); near += 1) isNear[near] = true;
  }
  const shown: (Line | Gap)[] = [];
  for (const [place, line] of lines.entries()) {
    const last = shown.at(-1);
    if (isNear[place]) shown.push(line);
    else if (last?.kind === "gap") last.lines += 1;
    else shown.push({ kind: "gap", lines: 1 });
  }
  return shown;
}

export interface Part {
  text: string;
  isChanged: boolean;
}

/** Which words of a line that was replaced by another one differ, in both of them. */
export function wordParts(before: string, after: string): { before: Part[]; after: Part[] } {
  const words = (text: string) => text.match(/\s+|[\w']+|[^\w\s]/g) ?? [];
  const found = sequenceDiff(words(before), words(after));
  const side = (kind: "removed" | "added") =>
    found.filter((word) => word.kind === "same" || word.kind === kind).map((word) => ({ text: word.text, isChanged: word.kind === kind }));
  return { before: joined(side("removed")), after: joined(side("added")) };
}

function joined(parts: readonly Part[]): Part[] {
  const merged: Part[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if (last && last.isChanged === part.isChanged) last.text += part.text;
    else merged.push({ ...part });
  }
  return merged;
}

/** The line that each line stands against: a block of removed lines followed by as many added ones. */
export function counterparts(lines: readonly (Line | Gap)[]): Map<Line, Line> {
  const pairs = new Map<Line, Line>();
  for (let place = 0; place < lines.length; ) {
    const removed = run(lines, place, "removed");
    const added = run(lines, place + removed.length, "added");
    if (removed.length === added.length) {
      for (const [nth, line] of removed.entries()) {
        const other = added[nth];
        if (other) pairs.set(line, other).set(other, line);
      }
    }
    place += Math.max(1, removed.length + added.length);
  }
  return pairs;
}

function run(lines: readonly (Line | Gap)[], from: number, kind: Line["kind"]): Line[] {
  const found: Line[] = [];
  for (let place = from; lines[place]?.kind === kind; place += 1) found.push(lines[place] as Line);
  return found;
}
