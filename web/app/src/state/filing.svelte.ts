/**
 * The report that is being made. It is kept on the phone from the first letter on, under one idempotency key from
 * beginning to end, so that it can be sent again after a lost answer, a reload or a day without a connection, and is
 * stored once.
 */

import { refusedAs, type Answer, type Form, type Problem, type Report, type Trouble } from "$shared/api/client";
import { addReport, callFor, phone, refresh, show } from "./phone.svelte";
import { alone } from "./session";
import * as vault from "./vault";

/** A report before the server has it. `waiting`: it is to be sent as it is; `refused`: the server said why not. */
export type Draft = {
  key: string;
  /** Whose report it is; it is kept among the records of this person, and sent as this person only. */
  person: string;
  corrects: string | undefined;
  form: Form;
  state: "editing" | "waiting" | "refused";
  waitingSince: string | undefined;
  refusal: Problem | undefined;
};

export const filing = $state({
  draft: undefined as Draft | undefined,
  sending: false,
  /** Why the last attempt did not arrive. */
  trouble: undefined as Trouble["kind"] | undefined,
  /** The report that was sent last, and for whom, to be shown wherever the person is. */
  sent: undefined as { number: string; person: string } | undefined,
  /** The people on this phone of whom a report waits to be sent. */
  waiting: [] as string[],
});

const NAME = "draft";
const EMPTY: Form = {
  address: { house_number: "", building: "", moo: "", soi: "", road: "", subdistrict_code: "", postal_code: "" },
  phone: "",
  email: "",
};

/** Read the draft of the person who is shown, and whose reports wait. */
export async function begin(): Promise<void> {
  const { person, people } = phone;
  const drafts = await Promise.all(people.map(({ id }) => vault.get<Draft>(id, NAME)));
  filing.draft = drafts.find((draft) => draft?.person === person);
  filing.trouble = undefined;
  filing.waiting = drafts.flatMap((draft) => (draft?.state === "waiting" ? [draft.person] : []));
}

/** Show another person of this phone, after `first`. No screen of the one before stays open meanwhile. */
export async function change(person: string, first?: () => Promise<void>): Promise<void> {
  phone.ready = false;
  await show(person);
  await begin();
  await first?.();
  phone.ready = true;
}

/** The last report with an address: what a new one begins with. */
export function lastReport(known = phone.known): Report | undefined {
  return known?.reports.find((report) => report.address && report.status !== "withdrawn");
}

/** The form of a report, as the beginning of another one. */
export function formOf(report: Report): Form {
  const { address, phone: number, email } = $state.snapshot(report) as Report;
  return { address: { ...EMPTY.address, ...address }, phone: number ?? "", email: email ?? "" };
}

/** Begin a report (`like` another one), or the correction of a returned one, unless the same was begun before. */
export async function start(corrects?: string, like?: Form): Promise<void> {
  const known = phone.known;
  if (!known || (filing.draft && filing.draft.corrects === corrects)) return;
  const from = corrects ? known.reports.find((report) => report.number === corrects) : lastReport();
  const empty = { ...EMPTY, phone: known.profile.phone ?? "", email: known.profile.email ?? "" };
  const form = from?.address ? formOf(from) : (like ?? empty);
  await save({
    key: crypto.randomUUID(),
    person: phone.person ?? "",
    corrects,
    form: $state.snapshot(form) as Form,
    state: "editing",
    waitingSince: undefined,
    refusal: undefined,
  });
}

/** Keep what was typed; nothing is sent. */
export async function edit(form: Form): Promise<void> {
  if (filing.draft) await save({ ...filing.draft, form, state: "editing", waitingSince: undefined, refusal: undefined });
}

/** Delete the draft. */
export async function discard(): Promise<void> {
  if (filing.draft) await drop(filing.draft.person);
}

async function drop(person: string): Promise<void> {
  if (filing.draft?.person === person) {
    filing.draft = undefined;
    filing.trouble = undefined;
  }
  noteWaiting(person, false);
  await vault.remove(person, NAME);
}

/** Send the draft, now or as soon as there is a connection; the number of the report if it arrived. */
export async function send(): Promise<string | undefined> {
  if (!filing.draft || filing.sending) return undefined;
  filing.sending = true; // from here on: between being kept and being sent it is not "not sent yet"
  try {
    await save({ ...filing.draft, state: "waiting", waitingSince: new Date().toISOString(), refusal: undefined });
  } finally {
    filing.sending = false;
  }
  return sendWaiting();
}

/**
 * Send what waits of everybody on this phone, each as themselves; once, whichever tab comes first. The number of the
 * report of the person who is shown, if it arrived.
 */
export async function sendWaiting(): Promise<string | undefined> {
  if (!filing.waiting.length || filing.sending) return undefined;
  filing.sending = true;
  const sent = new Map<string, string | undefined>();
  try {
    const shownFirst = [...filing.waiting].sort((a, b) => Number(b === phone.person) - Number(a === phone.person));
    for (const person of shownFirst) sent.set(person, await alone(`filing/${person}`, () => deliver(person)));
  } finally {
    filing.sending = false;
  }
  return sent.get(phone.person ?? "");
}

async function deliver(person: string): Promise<string | undefined> {
  const kept = await vault.get<Draft>(person, NAME);
  if (kept?.state !== "waiting") {
    noteWaiting(person, false);
    if (person !== phone.person) return undefined;
    filing.draft = kept;
    await refresh();
    return undefined;
  }
  const answer = kept.corrects ? await correct(kept, kept.corrects) : await file(kept);
  if (answer.data) return settle(answer.data, kept);
  const { trouble } = answer;
  if (person === phone.person) filing.trouble = trouble.kind;
  if (trouble.kind !== "refused" || trouble.status === 401) return undefined; // it waits
  await save({ ...kept, state: "refused", waitingSince: undefined, refusal: trouble.problem });
  if (refusedAs(trouble, "already-reported") || refusedAs(trouble, "idempotency-key-reused")) await refresh();
  return undefined;
}

/** File a report. Under the same key the same answer comes again, however often it is sent. */
function file(draft: Draft): Promise<Answer<Report>> {
  const header = { "Idempotency-Key": draft.key };
  return callFor(draft.person, "post", "/api/v1/reports", { header, body: draft.form });
}

/** Correct a returned report. One that is no longer returned was corrected before, and its answer lost. */
async function correct(draft: Draft, number: string): Promise<Answer<Report>> {
  const path = { number };
  const answer = await callFor(draft.person, "post", "/api/v1/reports/{number}/correction", { path, body: draft.form });
  if (!answer.trouble || !refusedAs(answer.trouble, "wrong-state")) return answer;
  const present = await callFor(draft.person, "get", "/api/v1/reports/{number}", { path });
  return present.data?.status === "under-review" || present.data?.status === "accepted" ? present : answer;
}

async function settle(report: Report, draft: Draft): Promise<string> {
  await drop(draft.person);
  filing.sent = { number: report.number, person: draft.person };
  await addReport(report.address ? report : ({ ...report, ...draft.form } as Report), draft.person);
  if (draft.person === phone.person) await refresh();
  return report.number;
}

function noteWaiting(person: string, waits: boolean): void {
  const others = filing.waiting.filter((each) => each !== person);
  filing.waiting = waits ? [...others, person] : others;
}

async function save(draft: Draft): Promise<void> {
  if (draft.person === phone.person) filing.draft = draft;
  noteWaiting(draft.person, draft.state === "waiting");
  await vault.put(draft.person, NAME, $state.snapshot(draft));
  phone.keeps = vault.keeps();
}
