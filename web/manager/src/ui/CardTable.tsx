import { Table } from "@mantine/core";
import classes from "./CardTable.module.css";
import { Panel } from "./Panel";
import type { Column } from "./VirtualTable";

export type CardColumn<Row> = Pick<Column<Row>, "id" | "header" | "isHeaderHidden" | "render">;

interface CardTableProps<Row> {
  /** What the table lists, for screen readers. */
  caption: string;
  columns: CardColumn<Row>[];
  rows: Row[];
  rowKey: (row: Row) => string;
}

/** A short table whose rows become cards where it has no room, so that nothing scrolls sideways. The first column names the row.
 * The roles are written out: a browser forgets them with the table's layout. */
export function CardTable<Row>({ caption, columns, rows, rowKey }: CardTableProps<Row>) {
  return (
    <Panel p={0} className={classes.box}>
      <Table verticalSpacing="sm" horizontalSpacing="md" role="table">
        <caption className="visually-hidden">{caption}</caption>
        <Table.Thead className={classes.head} role="rowgroup">
          <Table.Tr role="row">
            {columns.map((column) => (
              <Table.Th key={column.id} role="columnheader">
                <span className={column.isHeaderHidden ? "visually-hidden" : undefined}>{column.header}</span>
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody role="rowgroup">
          {rows.map((row) => (
            <Table.Tr key={rowKey(row)} className={classes.row} role="row">
              {columns.map((column, at) => (
                <Table.Td key={column.id} className={classes.cell} role="cell" data-action={column.isHeaderHidden || undefined}>
                  {at > 0 && !column.isHeaderHidden && (
                    <span className={classes.label} aria-hidden>
                      {column.header}
                    </span>
                  )}
                  <div className={classes.value}>{column.render(row)}</div>
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}
