/**
 * Decisions that can be undone: each is sent when its ten seconds are over, or when the page is hidden or closed. Until
 * then the report stays in the officer's hand and its author hears nothing.
 */

import { call, type Schemas, type Trouble } from "$shared/api/client";
import { remove } from "./queue.svelte";
import { ask, session } from "./session.svelte";

export type Outcome = Schemas["DecisionIn"]["outcome"];
/** `next_due_on` is a date, or "none", of an unclear regime only. */
export type Draft = { outcome: Outcome; reasons: string[]; note: string; next_due_on?: string | undefined };
export type Waiting = Draft & { number: string; left: number };
export type Failed = Draft & { number: string; trouble: Trouble };

export const UNDO_SECONDS = 10;
export const decisions = $state({
  waiting: [] as Waiting[],
  failed: [] as Failed[],
  /** What was typed about a report that is not decided, so that it is there when the report is opened again. */
  drafts: {} as Record<string, Draft>,
  sent: 0,
  /** Reports whose decision waits for a second person. */
  second: [] as string[],
});

/** Decide, in ten seconds. A second call for the same report changes nothing: a double click is one decision. */
export function decide(number: string, draft: Draft): void {
  if (decisions.waiting.some((each) => each.number === number)) return;
  decisions.failed = decisions.failed.filter((each) => each.number !== number);
  decisions.waiting.push({ ...draft, number, left: UNDO_SECONDS });
}

/** Take the last decision back; the number of its report. */
export function undo(): string | undefined {
  const last = decisions.waiting.pop();
  if (last) decisions.drafts[last.number] = { outcome: last.outcome, reasons: last.reasons, note: last.note, next_due_on: last.next_due_on };
  return last?.number;
}

/** Send what waits when its time is over; at once when the page is hidden or closed. */
export function begin(): () => void {
  const timer = setInterval(() => {
    if (session.locked) return;
    for (const each of decisions.waiting) each.left -= 1;
    flush((each) => each.left <= 0);
  }, 1000);
  const hide = (): void => {
    if (document.visibilityState === "hidden") flush(() => true);
  };
  const leave = (): void => flush(() => true);
  document.addEventListener("visibilitychange", hide);
  addEventListener("pagehide", leave);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", hide);
    removeEventListener("pagehide", leave);
  };
}

function flush(due: (each: Waiting) => boolean): void {
  const ready = decisions.waiting.filter(due);
  if (!ready.length) return;
  decisions.waiting = decisions.waiting.filter((each) => !due(each));
  for (const each of ready) void send(each);
}

async function send({ number, outcome, reasons, note, next_due_on }: Waiting): Promise<void> {
  const body = { outcome, reasons, note, ...(next_due_on && { next_due_on }) } as Schemas["DecisionIn"];
  // With keepalive the request outlives the page that sends it.
  const post = () => call("post", "/api/v1/review/reports/{number}/decision", { path: { number }, body }, { keepalive: true });
  const answer = await ask(post);
  if (answer.trouble) {
    decisions.failed.push({ number, outcome, reasons, note, next_due_on, trouble: answer.trouble });
    decisions.drafts[number] = { outcome, reasons, note, next_due_on };
    return;
  }
  delete decisions.drafts[number];
  if ("approval" in answer.data && !decisions.second.includes(number)) decisions.second.push(number);
  decisions.sent += 1;
  remove(number);
}
