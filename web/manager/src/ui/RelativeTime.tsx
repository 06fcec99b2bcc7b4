import { absoluteTime, relativeTime } from "./format";

/** Relative; the absolute time on hover. The browser's own tooltip: a list may hold thousands of these. */
export function RelativeTime({ at }: { at: string | null | undefined }) {
  if (!at) return <span>never</span>;
  return (
    <time dateTime={at} title={absoluteTime(at)}>
      {relativeTime(at)}
    </time>
  );
}
