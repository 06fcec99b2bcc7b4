import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { ErrorState } from "./ErrorState";
import { Loading } from "./Loading";
import { VirtualTable, type VirtualTableProps } from "./VirtualTable";

interface PagedProps<Row> {
  /** Asks for page after page; see `BY_CURSOR`. */
  query: {
    error: unknown;
    isPending: boolean;
    refetch: () => unknown;
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    fetchNextPage: () => unknown;
  };
  /** Of all pages that are loaded. */
  rows: Row[];
  /** What is missing when it fails: "The numbers". */
  what: string;
  /** Grey lines while the first page is on its way. */
  lines?: number;
  /** What stands there when there is nothing. */
  empty: ReactNode;
}

/** A list of any length that grows by a press. */
export function PagedList<Row>({ older = "Show older", children, ...paged }: PagedProps<Row> & { older?: string; children: ReactNode }) {
  const { query, rows } = paged;
  return (
    <>
      <State {...paged} />
      {rows.length > 0 && children}
      {query.hasNextPage && (
        <Button variant="default" onClick={() => void query.fetchNextPage()} loading={query.isFetchingNextPage}>
          {older}
        </Button>
      )}
    </>
  );
}

/** A table of any length that grows while it is scrolled. */
export function PagedTable<Row>(props: PagedProps<Row> & VirtualTableProps<Row>) {
  const { query, what, lines, empty, ...table } = props;
  return (
    <>
      <State {...props} />
      {table.rows.length > 0 && (
        <VirtualTable
          {...table}
          hasMore={query.hasNextPage}
          isLoadingMore={query.isFetchingNextPage}
          onLoadMore={() => void query.fetchNextPage()}
        />
      )}
    </>
  );
}

/** What stands instead of rows, or above those that came before it failed. */
function State<Row>({ query, rows, what, lines = 4, empty }: PagedProps<Row>) {
  if (query.error) return <ErrorState error={query.error} what={what} onRetry={query.refetch} />;
  if (query.isPending) return <Loading lines={lines} />;
  return rows.length === 0 ? empty : null;
}
