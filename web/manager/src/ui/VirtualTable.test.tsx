/** Proves UI4: a list of any length stays a table for screen readers and goes by keyboard. */
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { renderInRouter } from "./renderInRouter";
import { nextRow } from "./tableKeys";
import { type Column, VirtualTable } from "./VirtualTable";

interface Entry {
  id: string;
  ms: number;
}

const columns: Column<Entry>[] = [
  { id: "id", header: "Id", render: (row) => row.id },
  { id: "ms", header: "Duration", render: (row) => `${row.ms} ms`, isNumeric: true, width: 120 },
];
const entries = (length: number): Entry[] => Array.from({ length }, (_, index) => ({ id: `entry-${index}`, ms: index }));
const show = (length: number, more: Partial<Parameters<typeof VirtualTable<Entry>>[0]> = {}) =>
  renderInRouter(
    <VirtualTable
      caption="Entries"
      columns={columns}
      rows={entries(length)}
      rowKey={(row) => row.id}
      rowLink={(row) => ({ to: "/calls/$callId", params: { callId: row.id } })}
      {...more}
    />,
  );

test("ten thousand rows put only what is in sight into the document and say how many there are", async () => {
  await show(10_000);
  const table = await screen.findByRole("table", { name: "Entries" });
  expect(table).toHaveAttribute("aria-rowcount", "10001");
  const rows = screen.getAllByRole("row");
  expect(rows.length).toBeGreaterThan(10);
  expect(rows.length).toBeLessThan(80);
  expect(rows[1]).toHaveAttribute("aria-rowindex", "2");
  expect(screen.getByRole("columnheader", { name: "Duration" })).toBeInTheDocument();
});

test("the count is unknown while further pages wait", async () => {
  await show(100, { hasMore: true });
  expect(await screen.findByRole("table")).toHaveAttribute("aria-rowcount", "-1");
});

test("the next page is asked for near the end only", async () => {
  const onLoadMore = vi.fn();
  await show(500, { hasMore: true, onLoadMore });
  await screen.findByRole("table");
  expect(onLoadMore).not.toHaveBeenCalled();
  await show(20, { hasMore: true, onLoadMore });
  await waitFor(() => expect(onLoadMore).toHaveBeenCalled());
});

test("no page is asked for while one is on its way", async () => {
  const onLoadMore = vi.fn();
  await show(20, { hasMore: true, isLoadingMore: true, onLoadMore });
  await screen.findByRole("table");
  expect(onLoadMore).not.toHaveBeenCalled();
});

test("arrow keys move the focus between the links of the rows", async () => {
  await show(50);
  fireEvent.keyDown(await screen.findByRole("region", { name: "Entries" }), { key: "ArrowDown" });
  const link = screen.getByRole("link", { name: "entry-0" });
  expect(link).toHaveFocus();
  expect(link).toHaveAttribute("href", "/calls/entry-0");
  fireEvent.keyDown(link, { key: "ArrowDown" });
  expect(screen.getByRole("link", { name: "entry-1" })).toHaveFocus();
});

test.each([
  ["ArrowDown", null, 0],
  ["ArrowDown", 9, 9],
  ["ArrowUp", 0, 0],
  ["ArrowUp", null, null],
  ["PageDown", 2, 6],
  ["PageUp", 2, 0],
  ["End", null, 9],
  ["x", 3, null],
])("%s from %s leads to %s", (key, current, wanted) => {
  expect(nextRow(key, current, 10, 4)).toBe(wanted);
});
