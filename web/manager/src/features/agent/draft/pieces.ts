/** The merging of values, records and lists, for `merge`. */
import { isSame } from "./agent";
import type { Conflict, Side } from "./merge";
import { placeName } from "./names";

export interface Place {
  path: string;
  /** "Prompt of stage order". */
  label: string;
}

/** Collects what could not be merged and what came from the other side while the pieces are put together. */
export class Pieces {
  readonly conflicts: Conflict[] = [];
  readonly taken: Place[] = [];

  constructor(
    private readonly choices: Readonly<Record<string, Side>>,
    private readonly otherwise: Side,
  ) {}

  /** One value. */
  leaf<T>(path: string, base: T | undefined, mine: T, theirs: T): T {
    if (isSame(mine, theirs)) return mine;
    if (isSame(base, mine)) return this.#take(path, theirs);
    if (isSame(base, theirs)) return mine;
    return this.#decide(path, base, mine, theirs);
  }

  /** Every key for itself. */
  record(
    path: string,
    base: Record<string, unknown>,
    mine: Record<string, unknown>,
    theirs: Record<string, unknown>,
  ): Record<string, unknown> {
    const merged: Record<string, unknown> = {};
    for (const key of new Set([...Object.keys(mine), ...Object.keys(theirs)])) {
      const value = this.leaf(`${path}.${key}`, base[key], mine[key], theirs[key]);
      if (value !== undefined) merged[key] = value;
    }
    return merged;
  }

  /** An object of a known shape, every field for itself. */
  parts<T extends object>(path: string, base: T | undefined, mine: T, theirs: T): T {
    return this.record(
      path,
      (base ?? {}) as Record<string, unknown>,
      mine as Record<string, unknown>,
      theirs as Record<string, unknown>,
    ) as T;
  }

  /** Names in an order; both sides' additions and removals count. Never a conflict. */
  names(path: string, base: readonly string[], mine: readonly string[], theirs: readonly string[]): string[] {
    const kept = new Set([...mine, ...theirs].filter((name) => !base.includes(name) || (mine.includes(name) && theirs.includes(name))));
    const merged = inOrder(base, mine, theirs, kept);
    if (!isSame(merged, mine)) this.#take(path, merged);
    return merged;
  }

  /** Things with a key; a thing that one side removed and the other changed is a conflict. */
  keyed<T>(
    path: string,
    base: readonly T[],
    mine: readonly T[],
    theirs: readonly T[],
    keyOf: (item: T) => string,
    item: (path: string, base: T | undefined, mine: T, theirs: T) => T,
  ): T[] {
    const [before, one, other] = [byKey(base, keyOf), byKey(mine, keyOf), byKey(theirs, keyOf)];
    const merged = new Map<string, T>();
    for (const key of new Set([...one.keys(), ...other.keys()])) {
      const at = `${path}.${key}`;
      const [was, left, right] = [before.get(key), one.get(key), other.get(key)];
      const result = left !== undefined && right !== undefined ? item(at, was, left, right) : this.#oneSided(at, was, left, right);
      if (result !== undefined) merged.set(key, result);
    }
    const order = inOrder([...before.keys()], [...one.keys()], [...other.keys()], new Set(merged.keys()));
    const untouched = [...one.keys()].filter((key) => merged.has(key));
    if (
      !isSame(
        order.filter((key) => one.has(key)),
        untouched,
      )
    )
      this.#take(`${path}`, order);
    return order.flatMap((key) => merged.get(key) ?? []);
  }

  #oneSided<T>(path: string, was: T | undefined, mine: T | undefined, theirs: T | undefined): T | undefined {
    if (was === undefined) return mine ?? this.#take(path, theirs);
    if (mine !== undefined) return isSame(was, mine) ? this.#take(path, undefined) : this.#decide(path, was, mine, undefined);
    return isSame(was, theirs) ? undefined : this.#decide(path, was, undefined, theirs);
  }

  #take<T>(path: string, theirs: T): T {
    this.taken.push({ path, label: placeName(path) });
    return theirs;
  }

  #decide<T>(path: string, base: T | undefined, mine: T, theirs: T): T {
    const choice = this.choices[path];
    if (choice === undefined) this.conflicts.push({ path, label: placeName(path), base, mine, theirs });
    return (choice ?? this.otherwise) === "mine" ? mine : this.#take(path, theirs);
  }
}

/** By key; a repeated key gets a number, so that nothing is lost. */
function byKey<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T> {
  const found = new Map<string, T>();
  for (const item of items) {
    const key = keyOf(item);
    let unique = key;
    for (let next = 2; found.has(unique); next += 1) unique = `${key}#${next}`;
    found.set(unique, item);
  }
  return found;
}

/** `kept` in the order of the side that reordered (mine when both did); what the other side added stands behind its neighbour there. */
function inOrder(base: readonly string[], mine: readonly string[], theirs: readonly string[], kept: ReadonlySet<string>): string[] {
  const common = (list: readonly string[], other: readonly string[]) => list.filter((name) => other.includes(name));
  const isMineAsBefore = isSame(common(base, mine), common(mine, base));
  const [lead, other] = isMineAsBefore ? [theirs, mine] : [mine, theirs];
  const merged = [...new Set(lead.filter((name) => kept.has(name)))];
  for (const [place, name] of other.entries()) {
    if (!kept.has(name) || merged.includes(name)) continue;
    const neighbour = other.slice(0, place).findLast((before) => merged.includes(before));
    merged.splice(neighbour === undefined ? 0 : merged.indexOf(neighbour) + 1, 0, name);
  }
  return merged;
}
