/** Proves UI4: a list says why it is empty or failed, keeps the rows it has, and grows by a press. */
import { fireEvent, screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { PagedList, PagedTable } from "./Paged";
import { renderInRouter } from "./renderInRouter";

const query = { error: null, isPending: false, refetch: vi.fn(), hasNextPage: false, isFetchingNextPage: false, fetchNextPage: vi.fn() };
const listOf = (rows: string[], changes: Partial<typeof query> | { error: Error } = {}) => (
  <PagedList query={{ ...query, ...changes }} rows={rows} what="The fruit" empty="No fruit yet">
    <ul>
      {rows.map((row) => (
        <li key={row}>{row}</li>
      ))}
    </ul>
  </PagedList>
);

it("says what stands here when there is nothing, and not before that is known", async () => {
  const { unmount } = await renderInRouter(listOf([], { isPending: true }));
  expect(screen.queryByText("No fruit yet")).not.toBeInTheDocument();
  unmount();
  await renderInRouter(listOf([]));
  expect(screen.getByText("No fruit yet")).toBeInTheDocument();
});

it("keeps what it has when a further page fails", async () => {
  await renderInRouter(listOf(["Fig"], { error: new Error("no way") }));
  expect(screen.getByRole("alert")).toHaveTextContent("The fruit could not be loaded");
  expect(screen.getByText("Fig")).toBeInTheDocument();
  fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(query.refetch).toHaveBeenCalled();
});

it("asks for older entries", async () => {
  await renderInRouter(listOf(["Fig"], { hasNextPage: true }));
  fireEvent.click(screen.getByRole("button", { name: "Show older" }));
  expect(query.fetchNextPage).toHaveBeenCalledTimes(1);
});

it("loads the next page of a table ahead of its end", async () => {
  const fetchNextPage = vi.fn();
  const columns = [{ id: "name", header: "Name", render: (row: string) => row }];
  await renderInRouter(
    <PagedTable
      query={{ ...query, hasNextPage: true, fetchNextPage }}
      rows={["Fig"]}
      what="The fruit"
      empty="No fruit yet"
      caption="Fruit"
      columns={columns}
      rowKey={(row) => row}
    />,
  );
  expect(screen.getByRole("cell", { name: "Fig" })).toBeInTheDocument();
  expect(fetchNextPage).toHaveBeenCalled();
});
