import assert from "node:assert/strict";
import { test } from "node:test";
import type { Obligation, Report, Stay } from "$shared/api/client";
import { mayFile, situationOf, stateOn } from "./situation.ts";

const owed = (more: Partial<Obligation> = {}): Obligation => ({
  regime: "90-day", state: "open", text: "", due_on: "2026-04-14", opens_on: "2026-03-30", online_closes_on: "2026-04-14",
  grace_ends_on: "2026-04-21", last_day_to_act: "2026-04-21", late_after: "2026-04-24", can_file_from: "2026-03-30",
  explanation: [], ...more,
});
const stay = (more: Partial<Stay> = {}, obligation: Partial<Obligation> = {}): Stay => ({
  entered_on: "2026-01-15", permitted_until: "2027-01-15", visa_class: "NON-O", obligation: owed(obligation), ...more,
});
const report = (more: Partial<Report>): Report => ({ status: "accepted", due_on: "2026-04-14", ...more }) as Report;

test("on another day the state follows from the dates", () => {
  const on = (day: string) => stateOn(owed({ state: "not-open" }), day);
  assert.deepEqual(["2026-03-29", "2026-03-30", "2026-04-14", "2026-04-24", "2026-04-25"].map(on),
    ["not-open", "open", "due-today", "in-grace", "late"]);
  assert.equal(stateOn(owed({ state: "none" }), "2026-04-14"), "none");
});

test("a report that is being checked or returned comes before the date", () => {
  assert.equal(situationOf(stay(), [report({ status: "under-review" })], "2026-04-01"), "under-review");
  assert.equal(situationOf(stay(), [report({ status: "returned" })], "2026-04-01"), "returned");
});

test("a visit counts while its period lasts", () => {
  assert.equal(situationOf(stay(), [report({ status: "needs-visit" })], "2026-04-01"), "needs-visit");
  assert.equal(situationOf(stay(), [report({ status: "needs-visit", due_on: "2026-01-14" })], "2026-04-01"), "open");
});

test("regimes, stays and absences have situations of their own", () => {
  const none = { state: "none", due_on: null, can_file_from: null } as const;
  assert.equal(situationOf(stay({}, { ...none, regime: "exempt" }), [], "2026-04-01"), "exempt");
  assert.equal(situationOf(stay({ permitted_until: "2026-03-01" }), [], "2026-04-01"), "stay-expired");
  assert.equal(situationOf(stay({}, { state: "none" }), [], "2026-04-01"), "leaves-before");
  const away = { entered_on: null, permitted_until: null };
  const left = { code: "abroad", date: "2026-03-20", source: "records", grade: null, params: {}, text: "", original: null } as const;
  assert.equal(situationOf(stay(away, { ...none, regime: null, explanation: [left] }), [], "2026-04-01"), "abroad");
  assert.equal(situationOf(stay(away, { ...none, regime: null, explanation: [{ ...left, date: null }] }), [], "2026-04-01"), "no-entry");
});

test("another reading of the rules opens the date early", () => {
  assert.equal(situationOf(stay({}, { state: "not-open", can_file_from: "2026-03-20" }), [], "2026-03-21"), "open");
});

test("a report may be filed where it is taken, and only there", () => {
  assert.equal(mayFile("open", owed(), "2026-04-01"), true);
  assert.equal(mayFile("not-open", owed(), "2026-03-01"), false);
  assert.equal(mayFile("leaves-before", owed(), "2026-04-01"), true);
  assert.equal(mayFile("yearly", owed(), "2026-04-01"), false);
});
