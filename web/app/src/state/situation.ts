/** Where a person stands, in the terms of the home screen: from the stay and the reports, as the API gives them. */

import type { Obligation, Report, Stay } from "$shared/api/client";

export type Situation =
  | Exclude<Obligation["state"], "none">
  | "under-review"
  | "returned"
  | "needs-visit"
  | "yearly"
  | "exempt"
  | "unclear"
  | "abroad"
  | "no-entry"
  | "leaves-before"
  | "stay-expired";

/** The state of an obligation on another day than the one it was asked on: for a phone that was offline since. */
export function stateOn(owed: Obligation, today: string): Obligation["state"] {
  const { state, opens_on, due_on, late_after } = owed;
  if (state === "none" || !opens_on || !due_on || !late_after) return state;
  if (today < opens_on) return "not-open";
  if (today < due_on) return "open";
  if (today === due_on) return "due-today";
  return today <= late_after ? "in-grace" : "late";
}

/** What the home screen is about. `reports` are newest first; `today` is a civil date. */
export function situationOf(stay: Stay, reports: Report[], today: string): Situation {
  const last = reports[0];
  if (last?.status === "returned" || last?.status === "under-review") return last.status;
  const owed = stay.obligation;
  if (last?.status === "needs-visit" && last.due_on === owed.due_on) return "needs-visit";
  if (stay.permitted_until && stay.permitted_until < today) return "stay-expired";
  if (owed.regime === "exempt" || owed.regime === "unclear" || owed.regime === "yearly") return owed.regime;
  if (!stay.entered_on) return owed.explanation.some((step) => step.code === "abroad" && step.date) ? "abroad" : "no-entry";
  if (owed.state === "none") return "leaves-before";
  if (owed.state === "not-open" && canFileNow(owed, today)) return "open";
  return owed.state;
}

/** Whether some accepted reading of the rules takes a report on a day. */
export function canFileNow(owed: Obligation, today: string): boolean {
  return owed.can_file_from !== null && owed.can_file_from <= today;
}

const FILING: readonly Situation[] = ["open", "due-today", "in-grace", "late", "unclear", "no-entry", "needs-visit", "stay-expired"];

/** Whether a new report may be filed in a situation. */
export function mayFile(situation: Situation, owed: Obligation, today: string): boolean {
  return FILING.includes(situation) || (situation === "leaves-before" && canFileNow(owed, today));
}
