/**
 * The guided tour of an installation for training: ten reports that are made for this learner, and what the learner
 * decided. All of it stays in this browser. Where the installation is not for training there is no tour.
 */

import { installation } from "./installation.svelte";
import type { Draft, Outcome } from "./decisions.svelte";

/** The lessons in order, with the outcomes that are good ones, and reasons of which a good one names at least one. */
export const LESSONS: { key: string; good: Outcome[]; reasons?: string[] }[] = [
  { key: "first", good: ["accepted"] },
  { key: "elsewhere", good: ["accepted"] },
  { key: "no-residence", good: ["accepted"] },
  { key: "incomplete", good: ["returned"] },
  { key: "unclear", good: ["accepted", "needs-visit"] },
  { key: "late", good: ["needs-visit"] },
  { key: "stolen", good: ["needs-visit"], reasons: ["passport-invalid"] },
  { key: "stay-ended", good: ["needs-visit"], reasons: ["stay-expired"] },
  { key: "new-passport", good: ["accepted"] },
  { key: "duplicate", good: ["rejected"], reasons: ["duplicate"] },
];
type Made = { key: string; number: string };
type Verdict = "good" | "reason" | "other";
type Kept = { made: Made[]; verdicts: Record<string, { outcome: Outcome; verdict: Verdict }> };

const KEPT = "console-tour";

function stored(): Kept {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "") as Kept;
    if (Array.isArray(kept.made) && typeof kept.verdicts === "object") return kept;
  } catch {
    // Nothing is kept, or not by this page.
  }
  return { made: [], verdicts: {} };
}

export const tour = $state<Kept>(stored());

function keep(): void {
  try {
    localStorage.setItem(KEPT, JSON.stringify(tour));
  } catch {
    // Storage is forbidden: the tour lasts as long as the page.
  }
}

/** Begin a tour with ten new reports; whether they were made. */
export async function begin(): Promise<boolean> {
  try {
    const response = await fetch("/training/tour", { method: "POST" });
    if (!response.ok) return false;
    tour.made = ((await response.json()) as { items: Made[] }).items;
    tour.verdicts = {};
    keep();
    return true;
  } catch {
    return false;
  }
}

/** Which lesson a report is of, from 0; -1 where it is of none. */
export const lessonOf = (number: string): number =>
  installation.training ? tour.made.findIndex((each) => each.number === number) : -1;

/** Say whether a decision on a report of the tour is a good one. */
export function judge(number: string, draft: Draft): void {
  const lesson = LESSONS[lessonOf(number)];
  if (!lesson) return;
  const named = !lesson.reasons || lesson.reasons.some((each) => draft.reasons.includes(each));
  const verdict: Verdict = !lesson.good.includes(draft.outcome) ? "other" : named ? "good" : "reason";
  tour.verdicts[lesson.key] = { outcome: draft.outcome, verdict };
  keep();
}
