// A table whose rows are walked with j and k; on a narrow page each is a card, where it has more than figures.

import { Component, type ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { walked } from "../state/keyboard.ts";

export interface Column<T> {
  name: string;
  show: (row: T) => ComponentChildren;
  number?: boolean;
}

interface Props<T> {
  label: string;
  columns: Column<T>[];
  rows: readonly T[];
  id: (row: T) => string;
  figures?: boolean; // short enough to stay a table on a narrow page
  open?: (row: T) => void;
}

interface RowProps {
  row: unknown;
  columns: Column<unknown>[];
}

/** Drawn again only for another row: a list of a thousand is told again every few seconds. */
class Row extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    return next.row !== this.props.row || next.columns !== this.props.columns;
  }

  override render({ row, columns }: RowProps) {
    return (
      <tr tabIndex={-1}>
        {columns.map((column) => (
          <td key={column.name} data-label={column.name} class={column.number ? "number" : ""}>
            {column.show(row)}
          </td>
        ))}
      </tr>
    );
  }
}

export function Table<T>({ label, columns, rows, id, figures, open }: Props<T>) {
  const body = useRef<HTMLTableSectionElement>(null);
  useLayoutEffect(() => walked(() => [...(body.current?.rows ?? [])], (index) => open && rows[index] && open(rows[index])));
  return (
    <div class={figures ? "scroll figures" : "scroll"}>
      <table aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.name} scope="col" class={column.number ? "number" : ""}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {rows.map((row) => (
            <Row key={id(row)} row={row} columns={columns as Column<unknown>[]} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
