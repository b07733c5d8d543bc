/** "My record is wrong": what a case is about, and the cases of the person who is shown. */

import type { Schemas } from "$shared/api/client";
import { t, type Key } from "$shared/words/words.svelte";
import { phone } from "./state/phone.svelte";

export type Case = Schemas["CaseOut"];

export const SUBJECTS = ["due-date", "report-missing", "entry", "permission", "passport", "residence", "correction", "erasure"] as const;
export type Subject = (typeof SUBJECTS)[number];

export const isSubject = (text: string): text is Subject => (SUBJECTS as readonly string[]).includes(text);

/** What the facts of an explanation are about; the others are about the due date. */
const OF_STEP: Record<string, Subject> = {
  abroad: "entry",
  entered: "entry",
  regime: "permission",
  "extension-counts-as-report": "permission",
  "extension-changes-nothing": "permission",
  "came-back-on-permission": "permission",
  "regime-changed": "permission",
  "stay-ends-before-due": "permission",
  reported: "report-missing",
  "stated-on-receipt": "report-missing",
};

/** Whether a step of an explanation is a fact of the person's own records. */
export const isFact = (code: string): boolean => code in OF_STEP;

/** What a case that begins somewhere is about, by the place: a subject, a step of the explanation, or a report's number. */
export function beginning(from: string): { about: string; shown: string } {
  const known = phone.known;
  const step = known?.stay.obligation.explanation.find((each) => each.code === from);
  if (step) return { about: OF_STEP[step.code] ?? "due-date", shown: step.text };
  if (isSubject(from)) return { about: from, shown: "" };
  const report = known?.reports.find((each) => each.number === from);
  return report ? { about: report.number, shown: `${t("report.number")} ${report.number}` } : { about: "", shown: "" };
}

/** What a case is about, in words; a report by its number. */
export function aboutWords(about: string): string {
  return isSubject(about) ? t(`wrong.about.${about}`) : about;
}

/** The line that says where a case stands. */
export function statusWords(one: Case): Key {
  return one.status === "answered" ? `cases.outcome.${one.outcome ?? "explained"}` : `cases.${one.status}`;
}
