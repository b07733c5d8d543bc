/**
 * The report that is being made. It is kept on the phone from the first letter on, under one idempotency key from
 * beginning to end, so that it can be sent again after a lost answer, a reload or a day without a connection, and is
 * stored once.
 */

import { call, refusedAs, type Answer, type Form, type Problem, type Report, type Trouble } from "$shared/api/client";
import { addReport, mine, phone, refresh } from "./phone.svelte";
import { alone } from "./session";
import * as vault from "./vault";

/** A report before the server has it. `waiting`: it is to be sent as it is; `refused`: the server said why not. */
export type Draft = {
  key: string;
  resident: string;
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
  /** The number of the report that was sent last, to be shown wherever the person is. */
  sent: undefined as string | undefined,
});

const NAME = "draft";
const EMPTY: Form = {
  address: { house_number: "", building: "", moo: "", soi: "", road: "", subdistrict_code: "", postal_code: "" },
  phone: "",
  email: "",
};

/** Read the draft that was kept; one of another person is removed. */
export async function begin(): Promise<void> {
  const kept = await vault.get<Draft>(NAME);
  const { resident } = phone;
  if (kept && resident && kept.resident !== resident) await discard();
  else filing.draft = kept;
}

/** The last report with an address: what a new one begins with. */
export function lastReport(): Report | undefined {
  return phone.known?.reports.find((report) => report.address && report.status !== "withdrawn");
}

/** Begin a report, or the correction of a returned one, unless the same was begun before. */
export async function start(corrects?: string): Promise<void> {
  const known = phone.known;
  if (!known || (filing.draft && filing.draft.corrects === corrects)) return;
  const from = corrects ? known.reports.find((report) => report.number === corrects) : lastReport();
  const form: Form = from?.address
    ? { address: { ...EMPTY.address, ...from.address }, phone: from.phone ?? "", email: from.email ?? "" }
    : { ...EMPTY, phone: known.profile.phone ?? "", email: known.profile.email ?? "" };
  await save({
    key: crypto.randomUUID(),
    resident: known.resident,
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
  filing.draft = undefined;
  filing.trouble = undefined;
  await vault.remove(NAME);
}

/** Send the draft, now or as soon as there is a connection; the number of the report if it arrived. */
export async function send(): Promise<string | undefined> {
  if (!filing.draft) return undefined;
  await save({ ...filing.draft, state: "waiting", waitingSince: new Date().toISOString(), refusal: undefined });
  return sendWaiting();
}

/** Send what waits, if anything does; once, whichever tab comes first. */
export async function sendWaiting(): Promise<string | undefined> {
  if (filing.draft?.state !== "waiting" || filing.sending) return undefined;
  filing.sending = true;
  try {
    return await alone("filing", deliver);
  } finally {
    filing.sending = false;
  }
}

async function deliver(): Promise<string | undefined> {
  const kept = await vault.get<Draft>(NAME);
  if (kept?.state !== "waiting") {
    filing.draft = kept;
    await refresh();
    return undefined;
  }
  const answer = kept.corrects ? await correct(kept, kept.corrects) : await file(kept);
  if (answer.data) return settle(answer.data);
  const { trouble } = answer;
  filing.trouble = trouble.kind;
  if (trouble.kind !== "refused" || trouble.status === 401) return undefined; // it waits
  await save({ ...kept, state: "refused", waitingSince: undefined, refusal: trouble.problem });
  if (refusedAs(trouble, "already-reported") || refusedAs(trouble, "idempotency-key-reused")) await refresh();
  return undefined;
}

/** File a report. Under the same key the same answer comes again, however often it is sent. */
function file(draft: Draft): Promise<Answer<Report>> {
  const header = { "Idempotency-Key": draft.key };
  return mine<Report>(() => call("post", "/api/v1/reports", { header, body: draft.form }));
}

/** Correct a returned report. One that is no longer returned was corrected before, and its answer lost. */
async function correct(draft: Draft, number: string): Promise<Answer<Report>> {
  const path = { number };
  const answer = await mine<Report>(() => call("post", "/api/v1/reports/{number}/correction", { path, body: draft.form }));
  if (!answer.trouble || !refusedAs(answer.trouble, "wrong-state")) return answer;
  const present = await mine<Report>(() => call("get", "/api/v1/reports/{number}", { path }));
  return present.data?.status === "under-review" || present.data?.status === "accepted" ? present : answer;
}

async function settle(report: Report): Promise<string> {
  const form = filing.draft?.form;
  await discard();
  filing.sent = report.number;
  await addReport(form && !report.address ? { ...report, ...($state.snapshot(form) as Form) } as Report : report);
  await refresh();
  return report.number;
}

async function save(draft: Draft): Promise<void> {
  filing.draft = draft;
  await vault.put(NAME, $state.snapshot(draft));
  phone.keeps = vault.keeps();
}
