// Rows of CSV tables [RFC 4180].

/** One row without its line break; cells that hold a comma, a quotation mark or a line break are quoted. */
export function csvRow(cells: readonly (string | number)[]): string {
  return cells.map((cell) => quoted(String(cell))).join(',');
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
