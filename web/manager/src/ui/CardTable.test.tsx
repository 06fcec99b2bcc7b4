/** Proves UI4: a table that becomes cards keeps the roles of a table, and its labels are not read twice. */
import { screen, within } from "@testing-library/react";
import { expect, it } from "vitest";
import { CardTable } from "./CardTable";
import { renderInRouter } from "./renderInRouter";

const COLUMNS = [
  { id: "name", header: "Name", render: (row: string) => row },
  { id: "size", header: "Length", render: (row: string) => row.length },
  { id: "act", header: "Remove", isHeaderHidden: true, render: (row: string) => <button type="button">Remove {row}</button> },
];

it("is a table for everybody", async () => {
  await renderInRouter(<CardTable caption="Fruit" columns={COLUMNS} rows={["Fig", "Apple"]} rowKey={(row) => row} />);
  const table = screen.getByRole("table", { name: "Fruit" });
  expect(
    within(table)
      .getAllByRole("columnheader")
      .map((header) => header.textContent),
  ).toEqual(["Name", "Length", "Remove"]);
  const [, fig] = within(table).getAllByRole("row");
  expect(fig && within(fig).getAllByRole("cell")).toHaveLength(3);
  // What stands before a value in a card is for the eye: the header says it already.
  expect(
    within(table)
      .getAllByText("Length")
      .map((label) => label.closest("[aria-hidden]") !== null),
  ).toEqual([false, true, true]);
  expect(within(table).getByRole("button", { name: "Remove Fig" })).toBeInTheDocument();
});
