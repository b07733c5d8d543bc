/** Tables as CSV (RFC 4180), such that no spreadsheet takes a text for a formula. */

export type Cell = string | number | null;

/** Lines of a table as CSV; what is null is empty. It begins with a mark of UTF-8, without which Excel shows no Thai. */
export function csv(lines: Cell[][]): string {
  return "\ufeff" + lines.map((line) => line.map(field).join(",") + "\r\n").join("");
}

/** A text that begins as a formula does gets an apostrophe before it, which spreadsheets take for "this is text". */
function field(cell: Cell): string {
  if (typeof cell === "number" || cell === null) return `${cell ?? ""}`;
  const text = /^\s*[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n']/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
