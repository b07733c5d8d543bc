/** What the screens show: who is on this phone and shown, what was last known of them, and how the connection is. */

import type {
  Answer,
  Arguments,
  Message,
  Method,
  Operation,
  PathsWith,
  Place,
  Profile,
  Receipt,
  Report,
  Result,
  Schemas,
  Stay,
  TokenPair,
  Trouble,
} from "$shared/api/client";
import { isWrong, now } from "$shared/clock";
import { bangkokToday } from "$shared/words/dates";
import { language, useLanguage, type Language } from "$shared/words/words.svelte";
import * as people from "./people";
import type { Person } from "./people";
import * as session from "./session";
import { stateOn } from "./situation";
import * as vault from "./vault";

/** What was last known of a resident; `at` is when, by this phone's clock. */
export type Known = {
  resident: string;
  profile: Profile;
  stay: Stay;
  reports: Report[];
  messages: Message[];
  receipts: Record<string, Receipt>;
  places: Record<string, Place>;
  /** Cases, once they were looked at. */
  cases?: Schemas["CaseOut"][];
  at: string;
};

export const phone = $state({
  ready: false,
  /** Everybody on this phone, each activated on their own. */
  people: [] as Person[],
  /** Whom this tab shows. */
  person: undefined as string | undefined,
  signedIn: false,
  /** Who used a code on this page, and is offered a passkey. */
  activated: undefined as string | undefined,
  /** The sign-in of the one who is shown was ended elsewhere, or ran out: drafts are kept for the next one. */
  ended: false,
  keeps: "yes" as vault.Keeping,
  /** This phone's clock is wrong by the service's. */
  clockWrong: false,
  /** The language that was chosen last did not load. */
  languageMissing: false,
  known: undefined as Known | undefined,
  /** Why what is shown may be old. */
  trouble: undefined as "offline" | "down" | undefined,
});

const NAME = "known";
const RECEIPTS = 6;
const tabs = new BroadcastChannel("phone");

/** Read what this phone keeps. `changed` is called when another tab signs somebody in or out. */
export async function begin(changed: () => void): Promise<void> {
  tabs.onmessage = changed;
  vault.lookAgain();
  await people.takeOver();
  await showPerson();
}

/** Show the person of this tab as this phone last knew them. */
async function showPerson(): Promise<void> {
  const { people: everybody, shown } = await people.look();
  const [signedIn, known] = shown ? await Promise.all([session.isSignedIn(shown.id), lastKnown(shown.id)]) : [false];
  phone.people = everybody;
  phone.person = shown?.id;
  phone.signedIn = signedIn;
  phone.ended = Boolean(shown && !signedIn);
  phone.known = signedIn ? known : undefined;
  phone.keeps = vault.keeps();
  phone.clockWrong = isWrong();
}

/** Show another person of this phone in this tab. */
export async function show(id: string): Promise<void> {
  await people.choose(id);
  await showPerson();
}

/** The person who is shown, where there are several to tell apart. */
export function named(): Person | undefined {
  return phone.people.length > 1 ? phone.people.find((each) => each.id === phone.person) : undefined;
}

/** What was last known of a person of this phone. */
export const lastKnown = (person: string): Promise<Known | undefined> => vault.get<Known>(person, NAME);

/** Make a call as a person of this phone, and note whether the connection works. */
export async function callFor<M extends Method, P extends PathsWith<M>>(
  person: string,
  method: M,
  path: P,
  sent: Arguments<Operation<P, M>>,
): Promise<Answer<Result<Operation<P, M>>>> {
  const ended = (): void => {
    if (person === phone.person) phone.signedIn = !(phone.ended = true);
  };
  const answer = await session.callAs(person, ended, method, path, sent);
  phone.clockWrong = isWrong();
  note(answer.trouble);
  return answer;
}

/** Make a call as the person who is shown. */
export function mine<M extends Method, P extends PathsWith<M>>(
  method: M,
  path: P,
  sent: Arguments<Operation<P, M>>,
): Promise<Answer<Result<Operation<P, M>>>> {
  return callFor(phone.person ?? "", method, path, sent);
}

function note(trouble: Trouble | undefined): void {
  phone.trouble = trouble?.kind === "offline" || trouble?.kind === "down" ? trouble.kind : undefined;
}

/** Ask for everything that the screens show of the person who is shown, and keep it. */
export async function refresh(): Promise<void> {
  const person = phone.person ?? "";
  const query = { language: language() };
  const [profile, stay, reports, messages] = await Promise.all([
    callFor(person, "get", "/api/v1/me", {}),
    callFor(person, "get", "/api/v1/me/stay", {}),
    callFor(person, "get", "/api/v1/reports", {}),
    callFor(person, "get", "/api/v1/notifications", { query }),
  ]);
  if (!profile.data || !stay.data || !reports.data || !messages.data) {
    note(profile.trouble ?? stay.trouble ?? reports.trouble ?? messages.trouble);
    return;
  }
  const asked = {
    resident: profile.data.resident_id,
    profile: profile.data,
    stay: stay.data,
    reports: reports.data.items,
    messages: messages.data.items,
    at: now().toISOString(),
  };
  await change(person, (before) => ({ receipts: {}, places: {}, ...before, ...asked }));
  await nameThem(person, profile.data);
  await addReceipts(person);
  await addPlaces(person);
}

/** Keep what is known of a person, as it is after a change; it is shown where that person still is. */
async function change(person: string, act: (known: Known | undefined) => Known | undefined): Promise<void> {
  const shown = person === phone.person;
  const before = shown ? phone.known : await lastKnown(person);
  const known = act(before);
  if (!known) return;
  if (shown) phone.known = known;
  await vault.put(person, NAME, known);
  phone.keeps = vault.keeps();
}

/** Note the names of a person, for those who are on this phone together. */
async function nameThem(id: string, profile: Profile): Promise<void> {
  const before = phone.people.find((each) => each.id === id);
  const person = { id, resident: profile.resident_id, name: profile.name, given: profile.given_names || profile.name };
  if (!before || JSON.stringify(before) === JSON.stringify(person)) return;
  phone.people = phone.people.map((each) => (each.id === id ? person : each));
  await people.note(person);
  tabs.postMessage("changed");
}

/** What is known of a person, as far as this page has it. */
const knownOf = (person: string): Known | undefined => (person === phone.person ? phone.known : undefined);

/** The receipts of the newest accepted reports, so that they open offline. */
async function addReceipts(person: string): Promise<void> {
  for (const report of knownOf(person)?.reports.slice(0, RECEIPTS) ?? []) {
    if (!report.receipt || knownOf(person)?.receipts[report.receipt.number]) continue;
    const path = { number: report.number };
    const { data } = await callFor(person, "get", "/api/v1/reports/{number}/receipt", { path });
    if (data) await change(person, (known) => known && { ...known, receipts: { ...known.receipts, [data.number]: data } });
  }
}

/** The names of the areas that reports name by code. */
async function addPlaces(person: string): Promise<void> {
  for (const report of knownOf(person)?.reports.slice(0, RECEIPTS) ?? []) {
    const code = report.address?.subdistrict_code;
    if (code && !knownOf(person)?.places[code]) await findPlace(person, code);
  }
}

async function findPlace(person: string, code: string): Promise<void> {
  const { data } = await callFor(person, "get", "/api/v1/addresses", { query: { q: code, limit: 1 } });
  const found = data?.items.find((place) => place.subdistrict_code === code);
  if (found) await addPlace(found, person);
}

/** Keep the names of an area that was chosen. */
export async function addPlace(place: Place, person = phone.person ?? ""): Promise<void> {
  const plain = $state.snapshot(place);
  await change(person, (known) => known && { ...known, places: { ...known.places, [plain.subdistrict_code]: plain } });
}

/** Note a report as it is now, without waiting for the next refresh. */
export async function addReport(report: Report, person = phone.person ?? ""): Promise<void> {
  await change(person, (known) => {
    if (!known) return undefined;
    const others = known.reports.filter((each) => each.number !== report.number);
    return { ...known, reports: [report, ...others].sort((a, b) => b.filed_at.localeCompare(a.filed_at)) };
  });
}

/** Keep the cases of a person, so that they open offline. */
export async function keepCases(cases: Schemas["CaseOut"][], person: string): Promise<void> {
  await change(person, (known) => known && { ...known, cases });
}

/** Note that a message was read; the server is told, and the screen does not wait for it. */
export async function readMessage(message: Message): Promise<void> {
  if (message.read_at) return;
  const person = phone.person ?? "";
  const sent = { path: { notification_id: message.id }, query: { language: language() } };
  const { data } = await callFor(person, "post", "/api/v1/notifications/{notification_id}/read", sent);
  if (!data) return;
  await change(person, (known) => known && { ...known, messages: known.messages.map((each) => (each.id === data.id ? data : each)) });
}

/** The present state of the obligation: the server's, or reckoned where it was asked on an earlier day. */
export function stayNow(known: Known): Stay {
  const today = bangkokToday();
  if (bangkokToday(new Date(known.at)) === today) return known.stay;
  const obligation = { ...known.stay.obligation, state: stateOn(known.stay.obligation, today) };
  return { ...known.stay, obligation };
}

/** Use an activation code: its owner is shown from now on. Somebody who is on this phone already stays the same person. */
export async function signIn(...how: Parameters<typeof session.activate>): Promise<Answer<Person>> {
  const answer = await session.activate(...how);
  return answer.data ? { data: await welcome(answer.data) } : answer;
}

/** Keep a new sign-in, and show whose it is. An earlier one of the same person on this phone is ended. */
export async function welcome(pair: TokenPair): Promise<Person> {
  const { people: everybody } = await people.look();
  const before = everybody.find((each) => each.resident === pair.resident_id);
  const person = before ?? { id: crypto.randomUUID(), resident: pair.resident_id, name: "", given: "" };
  if (before) await session.end(before.id);
  await session.keep(person.id, pair);
  await people.note(person);
  await show(person.id);
  tabs.postMessage("changed");
  return person;
}

/** Sign the person who is shown out: everything that this phone keeps of them is destroyed, in every tab. */
export async function signOut(): Promise<void> {
  const { person } = phone;
  if (!person) return;
  await session.end(person);
  await people.remove(person);
  await showPerson();
  tabs.postMessage("changed");
}

/** Show everything in a language from now on, and have messages in it; the one before stays where it does not load. */
export async function changeLanguage(wanted: Language): Promise<void> {
  phone.languageMissing = !(await useLanguage(wanted));
  if (phone.languageMissing || !phone.signedIn) return;
  await mine("patch", "/api/v1/me", { body: { language: wanted } });
  await refresh();
}
