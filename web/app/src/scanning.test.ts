import assert from "node:assert/strict";
import { test } from "node:test";
import { codeIn } from "./scanning.ts";

test("the code is found in the address on a slip, and alone", () => {
  assert.equal(codeIn("https://example.org/#/activate/4XQ27-K3M9P"), "4XQ27-K3M9P");
  assert.equal(codeIn("4xq27k3m9p"), "4XQ27K3M9P");
});

test("what is no code is not taken for one", () => {
  for (const text of ["", "https://example.org/", "https://example.org/#/activate/", "4XQ27", "😀".repeat(10), "A".repeat(10_000), "4XQ27-K3M9P-1"]) {
    assert.equal(codeIn(text), undefined, text.slice(0, 40));
  }
});
