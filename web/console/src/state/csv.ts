/** A table as a file for a spreadsheet, in which no cell is taken for a formula. */

const FORMULA = /^[=+\-@\t\r]/;

/** A cell: what a spreadsheet would run begins with an apostrophe, and quotes keep what would end a cell. */
export function cell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /["\n\r,]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Let the officer keep lines as a CSV file. */
export function csvFile(name: string, lines: string[][]): void {
  const text = lines.map((line) => line.map(cell).join(",")).join("\r\n");
  const address = URL.createObjectURL(new Blob(["\ufeff", text, "\r\n"], { type: "text/csv;charset=utf-8" }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
