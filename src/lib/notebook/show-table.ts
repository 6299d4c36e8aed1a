// A table of rows with named columns: markup in a notebook, aligned text in a terminal.

import { formatValue } from '../report/format-value.js';
import { type Html, html } from '../report/html.js';
import { figure } from './figure.js';
import { bundleOf, type Display } from './mime-bundle.js';
import type { ShowSettings } from './show-options.js';

/**
 * A value in a cell of a table.
 *
 * @inline
 */
export type TableValue = string | number | boolean | null | undefined;

/**
 * A table: rows as objects by column names.
 *
 * @inline
 */
export interface ShownTable {
  readonly table: readonly Readonly<Record<string, TableValue>>[];
  /** Columns in order; by default all, in the order of their first occurrence in the rows. */
  readonly columns?: readonly string[];
}

/** The table in every format. */
export async function showTable({ table, columns }: ShownTable, { caption }: ShowSettings): Promise<Display> {
  const names = columns ?? [...new Set(table.flatMap((row) => Object.keys(row)))];
  const cells = table.map((row) => names.map((name) => cellText(row[name])));
  const numeric = names.map((name) => table.every((row) => typeof row[name] !== 'string'));
  const text = textTable(names, cells, numeric);
  return {
    bundle: bundleOf(
      [text, caption].filter((line) => line !== undefined).join('\n'),
      figure(tableOf(names, cells, numeric), caption),
    ),
  };
}

/** A table as markup: numbers right-aligned, texts left-aligned. */
export function tableOf(
  names: readonly string[],
  cells: readonly (readonly string[])[],
  numeric: readonly boolean[],
): Html {
  const align = (column: number): string => `text-align: ${numeric[column] ? 'right' : 'left'}`;
  return html`<table><thead><tr>${names.map((name, i) => html`<th style="${align(i)}">${name}</th>`)}</tr></thead><tbody>${cells.map(
    (row) => html`<tr>${row.map((cell, i) => html`<td style="${align(i)}">${cell}</td>`)}</tr>`,
  )}</tbody></table>`;
}

/** The text of a cell: numbers with four significant digits, a dash for missing values. */
export function cellText(value: TableValue): string {
  if (value === undefined) return '';
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : formatValue(value);
}

function textTable(
  names: readonly string[],
  cells: readonly (readonly string[])[],
  numeric: readonly boolean[],
): string {
  const lines = [names, ...cells];
  const widths = names.map((_, i) => Math.max(...lines.map((line) => [...line[i]].length)));
  const padded = (line: readonly string[]): string =>
    line.map((cell, i) => (numeric[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  ');
  return lines.map((line) => padded(line).trimEnd()).join('\n');
}
