import assert from "node:assert/strict";
import { test } from "node:test";
import { csv as withMark, type Cell } from "./csv.ts";

const csv = (lines: Cell[][]): string => withMark(lines).replace(/^\ufeff/, "");

test("a field with commas, quotes or lines is quoted", () => {
  assert.equal(csv([["a,b", 'say "yes"', "two\nlines"]]), '"a,b","say ""yes""","two\nlines"\r\n');
});

test("numbers stay numbers, also negative ones, and what is not shown is empty", () => {
  assert.equal(csv([["Chiang Mai", 12, -3, null]]), "Chiang Mai,12,-3,\r\n");
});

test("a text that a spreadsheet would calculate is text", () => {
  for (const text of ["=1+1", "+1", "-1", "@sum(A1)", "\t=1", "  =cmd"]) {
    assert.equal(csv([[text]]).replaceAll('"', ""), `'${text}\r\n`);
  }
});
