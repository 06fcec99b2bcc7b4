import { Link, type LinkProps } from "@tanstack/react-router";
import { observeElementRect, useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, memo, type ReactNode, useCallback, useEffect, useRef } from "react";
import { nextRow } from "./tableKeys";
import classes from "./VirtualTable.module.css";

export interface Column<Row> {
  id: string;
  /** Read out for every cell; a column of buttons has one too and sets `isHeaderHidden`. */
  header: string;
  render: (row: Row) => ReactNode;
  /** In px. A column without it shares what is left. */
  width?: number;
  isNumeric?: boolean;
  isHeaderHidden?: boolean;
  /** Not shown on screens narrower than this (sm 768, md 992, lg 1200 px). */
  hideBelow?: "sm" | "md" | "lg";
}

export interface VirtualTableProps<Row> {
  /** What the table lists, for screen readers. */
  caption: string;
  columns: Column<Row>[];
  rows: Row[];
  rowKey: (row: Row) => string;
  /** Where a press on a row leads; the first cell becomes the link and its text the name of the link. */
  rowLink?: (row: Row) => LinkProps | undefined;
  /** On narrow screens: a second line in the first cell, with what the columns say that are not shown there. */
  smallDetail?: (row: Row) => ReactNode;
  /** In px; all rows are equally high. */
  rowHeight?: number;
  /** How many rows there are in all, if that is known. */
  total?: number;
  hasMore?: boolean;
  isLoadingMore?: boolean;
  onLoadMore?: () => void;
  /** CSS length; the list scrolls inside it. */
  maxHeight?: string;
}

/** How many rows before the end the next page is asked for. */
const AHEAD = 60;

/** A table of any length: only what is in sight is in the document, further pages are loaded while scrolling.
 * Arrow keys, Page Up/Down, Home and End go through the rows; Enter follows the link. */
export function VirtualTable<Row>(props: VirtualTableProps<Row>) {
  const {
    caption,
    columns,
    rows,
    rowKey,
    rowLink,
    smallDetail,
    rowHeight = 48,
    total,
    hasMore = false,
    isLoadingMore = false,
    onLoadMore,
  } = props;
  const region = useRef<HTMLElement>(null);
  const named = useRef(rowKey);
  named.current = rowKey;
  // Another function would have every row measured anew, at every turn of the wheel.
  const getItemKey = useCallback((index: number) => keyAt(rows, index, named.current), [rows]);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => region.current,
    estimateSize: () => rowHeight,
    getItemKey,
    overscan: 12,
    initialRect: { width: 1024, height: 800 },
    // A box without a height is not laid out yet (or never is, as in jsdom): the first guess serves better than no row.
    observeElementRect: (instance, report) => observeElementRect(instance, (rect) => rect.height > 0 && report(rect)),
  });
  const items = virtualizer.getVirtualItems();
  const first = items[0];
  const last = items.at(-1);
  const lastIndex = last?.index ?? -1;

  useEffect(() => {
    if (hasMore && !isLoadingMore && lastIndex >= rows.length - AHEAD) onLoadMore?.();
  }, [hasMore, isLoadingMore, lastIndex, rows.length, onLoadMore]);

  function onKeyDown(event: KeyboardEvent) {
    const current = focusedRow(event.target);
    const page = Math.max(1, Math.floor((region.current?.clientHeight || 800) / rowHeight) - 2);
    const wanted = nextRow(event.key, current, rows.length, page);
    if (wanted === null || !rowLink || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    virtualizer.scrollToIndex(wanted);
    focusRow(region.current, wanted);
  }

  return (
    <section
      ref={region}
      className={classes.region}
      style={{ maxHeight: props.maxHeight ?? "max(320px, calc(100dvh - 200px))" }}
      aria-label={caption}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled with the keyboard
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <table className={classes.table} aria-rowcount={rowCount(rows.length, total, hasMore)}>
        <caption className="visually-hidden">{caption}</caption>
        <colgroup>
          {columns.map((column) => (
            <col key={column.id} data-hide={column.hideBelow} style={column.width === undefined ? undefined : { width: column.width }} />
          ))}
        </colgroup>
        <thead className={classes.head}>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <th key={column.id} scope="col" data-hide={column.hideBelow} data-numeric={column.isNumeric || undefined}>
                <span className={column.isHeaderHidden ? "visually-hidden" : undefined}>{column.header}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <SpacerRow height={first?.start ?? 0} />
          {items.map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            return (
              <TableRow
                key={item.key}
                row={row}
                index={item.index}
                columns={columns}
                rowLink={rowLink}
                smallDetail={smallDetail}
                rowHeight={rowHeight}
              />
            );
          })}
        </tbody>
        <tbody style={UNSEEN}>
          <SpacerRow height={last ? virtualizer.getTotalSize() - last.end : 0} />
        </tbody>
      </table>
      <div className={hasMore ? classes.more : undefined} aria-live="polite">
        {hasMore && (isLoadingMore ? "Loading more…" : `${rows.length} loaded, more below`)}
      </div>
    </section>
  );
}

interface TableRowProps<Row> extends Pick<VirtualTableProps<Row>, "columns" | "rowLink" | "smallDetail"> {
  row: Row;
  index: number;
  rowHeight: number;
}

function PlainRow<Row>({ row, index, columns, rowLink, smallDetail, rowHeight }: TableRowProps<Row>) {
  const link = rowLink?.(row);
  return (
    <tr
      className={classes.row}
      style={{ height: rowHeight }}
      aria-rowindex={index + 2}
      data-row={index}
      data-linked={link ? true : undefined}
    >
      {columns.map((column, at) => (
        <td key={column.id} data-hide={column.hideBelow} data-numeric={column.isNumeric || undefined}>
          {at === 0 && link ? (
            <Link {...link} className={classes.link} data-row-link>
              {column.render(row)}
            </Link>
          ) : (
            column.render(row)
          )}
          {at === 0 && smallDetail && <div className={classes.detail}>{smallDetail(row)}</div>}
        </td>
      ))}
    </tr>
  );
}

/** Scrolling renders the rows that come into sight, not those that stay. */
const TableRow = memo(PlainRow) as typeof PlainRow;

const UNSEEN = { visibility: "hidden" } as const;

/** Holds the place of the rows that are out of sight. One cell: to span columns that are hidden here would make columns of no use.
 * It stands in the body of the rows and is not visible, so that nothing moves when it grows: a body that moved would be a layout shift. */
function SpacerRow({ height }: { height: number }) {
  if (height <= 0) return null;
  return (
    <tr className={classes.spacer} style={UNSEEN}>
      <td style={{ height }} />
    </tr>
  );
}

function keyAt<Row>(rows: Row[], index: number, rowKey: (row: Row) => string): string | number {
  const row = rows[index];
  return row === undefined ? index : rowKey(row);
}

/** With the header; -1 says "unknown" to screen readers. */
function rowCount(loaded: number, total: number | undefined, hasMore: boolean): number {
  if (total !== undefined) return total + 1;
  return hasMore ? -1 : loaded + 1;
}

function focusedRow(target: EventTarget): number | null {
  const row = target instanceof Element ? target.closest("[data-row]") : null;
  return row ? Number(row.getAttribute("data-row")) : null;
}

/** The row may come into the document with the next frames, after the scroll. */
function focusRow(region: HTMLElement | null, index: number, triesLeft = 10): void {
  const link = region?.querySelector<HTMLElement>(`[data-row="${index}"] [data-row-link]`);
  if (link) link.focus({ preventScroll: true });
  else if (triesLeft > 0) requestAnimationFrame(() => focusRow(region, index, triesLeft - 1));
}
