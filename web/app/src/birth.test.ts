import assert from "node:assert/strict";
import { test } from "node:test";
import { birthDate } from "./birth.ts";

const TODAY = "2026-11-26";
const born = (day: string, month: string, year: string) => birthDate(day, month, year, TODAY);

test("a month is a number or a name", () => {
  assert.deepEqual(born("17", "5", "1990"), { date: "1990-05-17" });
  assert.deepEqual(born(" 2 ", "November", "1964"), { date: "1964-11-02" });
});

test("days that do not exist are refused", () => {
  for (const [day, month, year] of [["30", "2", "2000"], ["29", "2", "1999"], ["1", "13", "1990"], ["x", "1", "1990"], ["", "1", "1990"], ["1", "1", "90"]]) {
    assert.deepEqual(born(day ?? "", month ?? "", year ?? ""), { fault: "form" });
  }
});

test("a Thai year is asked about, not changed", () => {
  assert.deepEqual(born("1", "1", "2507"), { fault: "thai-year", year: 2507, meant: 1964 });
});

test("nothing and tomorrow have words of their own", () => {
  assert.deepEqual(born("", " ", ""), { fault: "empty" });
  assert.deepEqual(born("27", "11", "2026"), { fault: "future" });
});
