import assert from "node:assert/strict";
import { test } from "node:test";
import { checkDigit, faultOf, linesOf } from "./mrz.ts";

// The specimen of ICAO Doc 9303-4, appendix A.
const UPPER = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<";
const LOWER = "L898902C36UTO7408122F1204159ZE184226B<<<<<10";
const changed = (position: number, to: string): string => LOWER.slice(0, position - 1) + to + LOWER.slice(position);

test("the specimen has no fault, in two lines, one line, small letters and with spaces", () => {
  assert.equal(faultOf(`${UPPER}\n${LOWER}`), undefined);
  assert.equal(faultOf(UPPER + LOWER), undefined);
  assert.equal(faultOf(` ${UPPER.toLowerCase()} \r\n\r\n ${LOWER.toLowerCase()} `), undefined);
});

test("the check digits are those of the standard", () => {
  assert.equal(checkDigit("L898902C3"), "6");
  assert.equal(checkDigit("740812"), "2");
  assert.equal(checkDigit("<<<<<<"), "0");
});

test("a letter where only a digit can stand is found with what it may be", () => {
  assert.deepEqual(faultOf(`${UPPER}\n${changed(17, "O")}`), { kind: "digit", line: 2, position: 17, found: "O", meant: "0" });
});

test("a digit that does not fit names the part it belongs to", () => {
  assert.deepEqual(faultOf(`${UPPER}\n${changed(3, "1")}`), { kind: "number" });
  assert.deepEqual(faultOf(`${UPPER}\n${changed(14, "6")}`), { kind: "birth" });
  assert.deepEqual(faultOf(`${UPPER}\n${changed(22, "2")}`), { kind: "expiry" });
  assert.deepEqual(faultOf(`${UPPER}\n${changed(29, "Y")}`), { kind: "whole" });
});

test("a sign that no zone has, a short line and a missing one are found", () => {
  assert.deepEqual(faultOf(`${UPPER}\n${changed(5, "é")}`), { kind: "character", line: 2, position: 5, found: "É" });
  assert.deepEqual(faultOf(`${UPPER}\n${LOWER.slice(1)}`), { kind: "length", line: 2, count: 43 });
  assert.deepEqual(faultOf(UPPER), { kind: "lines" });
  assert.deepEqual(faultOf(" \n "), { kind: "empty" });
});

test("what is not of a passport's shape is left to the server", () => {
  assert.equal(faultOf(["I".repeat(30), "I".repeat(30), "I".repeat(30)].join("\n")), undefined);
  assert.deepEqual(linesOf("a b\nc"), ["AB", "C"]);
});
