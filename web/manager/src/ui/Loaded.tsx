import type { ReactNode } from "react";
import { ErrorState } from "./ErrorState";
import { Loading } from "./Loading";

interface LoadedProps<Data> {
  query: { data: Data | undefined; error: unknown; refetch: () => unknown };
  /** What is missing when it fails: "The integrations". */
  what: string;
  /** Grey lines while it is on its way. */
  lines?: number;
  children: (data: Data) => ReactNode;
}

/** What a query gave: grey lines before it is there, and why it is not when it failed. */
export function Loaded<Data>({ query, what, lines = 4, children }: LoadedProps<Data>) {
  if (query.error) return <ErrorState error={query.error} what={what} onRetry={query.refetch} />;
  return query.data === undefined ? <Loading lines={lines} /> : children(query.data);
}
