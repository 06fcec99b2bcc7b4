/** The row a key leads to, or null when the key is not about rows. `current` is the row that has the focus, `page` rows fit on the screen. */
export function nextRow(key: string, current: number | null, count: number, page: number): number | null {
  if (count === 0) return null;
  const clamp = (index: number) => Math.min(count - 1, Math.max(0, index));
  switch (key) {
    case "ArrowDown":
      return current === null ? 0 : clamp(current + 1);
    case "ArrowUp":
      return current === null ? null : clamp(current - 1);
    case "PageDown":
      return clamp((current ?? 0) + page);
    case "PageUp":
      return current === null ? null : clamp(current - page);
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}
