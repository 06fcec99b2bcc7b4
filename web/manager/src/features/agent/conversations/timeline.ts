/** Two lists of an agent's conversations, each newest first and read page by page, as one. Pure. */

export interface Stream<T> {
  items: readonly T[];
  /** There is more than what is loaded. */
  hasMore: boolean;
}

/** Newest first; only as far back as every stream with more to come is loaded, so that nothing appears in between later. */
export function mergedTimeline<A, B>(left: Stream<A>, right: Stream<B>, timeOf: (item: A | B) => string): (A | B)[] {
  const horizon = Math.max(horizonOf(left, timeOf), horizonOf(right, timeOf));
  return [...left.items, ...right.items]
    .filter((item) => Date.parse(timeOf(item)) >= horizon)
    .sort((one, other) => Date.parse(timeOf(other)) - Date.parse(timeOf(one)));
}

function horizonOf<T>(stream: Stream<T>, timeOf: (item: T) => string): number {
  if (!stream.hasMore) return Number.NEGATIVE_INFINITY;
  const last = stream.items.at(-1);
  return last === undefined ? Number.POSITIVE_INFINITY : Date.parse(timeOf(last));
}
