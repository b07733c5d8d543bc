/** What the screens show: who is signed in, what was last known of them, and how the connection is. */

import {
  call,
  type Answer,
  type Message,
  type Place,
  type Profile,
  type Receipt,
  type Report,
  type Stay,
  type Trouble,
} from "$shared/api/client";
import { bangkokToday } from "$shared/words/dates";
import { language, type Language } from "$shared/words/words.svelte";
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
  at: string;
};

export const phone = $state({
  ready: false,
  signedIn: false,
  /** Who is signed in, or was until the sign-in ended. */
  resident: undefined as string | undefined,
  /** The sign-in was ended elsewhere, or ran out: drafts are kept for the next one. */
  ended: false,
  keeps: true,
  known: undefined as Known | undefined,
  /** Why what is shown may be old. */
  trouble: undefined as "offline" | "down" | undefined,
});

const NAME = "known";
const RECEIPTS = 6;
const tabs = new BroadcastChannel("phone");

/** Read what this phone keeps. `changed` is called when another tab signs in or out. */
export async function begin(changed: () => void): Promise<void> {
  tabs.onmessage = changed;
  vault.lookAgain();
  const resident = await session.resident();
  const known = await vault.get<Known>(NAME);
  phone.signedIn = resident !== undefined;
  phone.resident = resident;
  phone.known = known?.resident === resident ? known : undefined;
  phone.keeps = vault.keeps();
}

/** Make a call as the resident, and note whether the connection works. */
export async function mine<T>(make: () => Promise<Answer<T>>): Promise<Answer<T>> {
  const answer = await session.signedIn<T>(make, () => {
    phone.signedIn = false;
    phone.ended = true;
  });
  note(answer.trouble);
  return answer;
}

function note(trouble: Trouble | undefined): void {
  phone.trouble = trouble?.kind === "offline" || trouble?.kind === "down" ? trouble.kind : undefined;
}

/** Ask for everything that the screens show, and keep it. */
export async function refresh(): Promise<void> {
  const query = { language: language() };
  const [profile, stay, reports, messages] = await Promise.all([
    mine(() => call("get", "/api/v1/me", {})),
    mine(() => call("get", "/api/v1/me/stay", {})),
    mine(() => call("get", "/api/v1/reports", {})),
    mine(() => call("get", "/api/v1/notifications", { query })),
  ]);
  if (!profile.data || !stay.data || !reports.data || !messages.data) {
    note(profile.trouble ?? stay.trouble ?? reports.trouble ?? messages.trouble);
    return;
  }
  const before = phone.known?.resident === profile.data.resident_id ? phone.known : undefined;
  await keep({
    resident: profile.data.resident_id,
    profile: profile.data,
    stay: stay.data,
    reports: reports.data.items,
    messages: messages.data.items,
    receipts: before?.receipts ?? {},
    places: before?.places ?? {},
    at: new Date().toISOString(),
  });
  await addReceipts();
  await addPlaces();
}

async function keep(known: Known): Promise<void> {
  phone.known = known;
  await vault.put(NAME, known);
  phone.keeps = vault.keeps();
}

/** The receipts of the newest accepted reports, so that they open offline. */
async function addReceipts(): Promise<void> {
  for (const report of phone.known?.reports.slice(0, RECEIPTS) ?? []) {
    if (!report.receipt || phone.known?.receipts[report.receipt.number]) continue;
    const path = { number: report.number };
    const { data } = await mine(() => call("get", "/api/v1/reports/{number}/receipt", { path }));
    if (data && phone.known) await keep({ ...phone.known, receipts: { ...phone.known.receipts, [data.number]: data } });
  }
}

/** The names of the areas that reports name by code. */
async function addPlaces(): Promise<void> {
  for (const report of phone.known?.reports.slice(0, RECEIPTS) ?? []) {
    const code = report.address?.subdistrict_code;
    if (code && !phone.known?.places[code]) await findPlace(code);
  }
}

async function findPlace(code: string): Promise<void> {
  const { data } = await mine(() => call("get", "/api/v1/addresses", { query: { q: code, limit: 1 } }));
  const found = data?.items.find((place) => place.subdistrict_code === code);
  if (found) await addPlace(found);
}

/** Keep the names of an area that was chosen. */
export async function addPlace(place: Place): Promise<void> {
  const known = phone.known;
  if (known) await keep({ ...known, places: { ...known.places, [place.subdistrict_code]: $state.snapshot(place) } });
}

/** Note a report as it is now, without waiting for the next refresh. */
export async function addReport(report: Report): Promise<void> {
  const known = phone.known;
  if (!known) return;
  const others = known.reports.filter((each) => each.number !== report.number);
  const reports = [report, ...others].sort((a, b) => b.filed_at.localeCompare(a.filed_at));
  await keep({ ...known, reports });
}

/** Note that a message was read; the server is told, and the screen does not wait for it. */
export async function readMessage(message: Message): Promise<void> {
  if (message.read_at) return;
  const sent = { path: { notification_id: message.id }, query: { language: language() } };
  const { data } = await mine(() => call("post", "/api/v1/notifications/{notification_id}/read", sent));
  const known = phone.known;
  if (data && known) await keep({ ...known, messages: known.messages.map((each) => (each.id === data.id ? data : each)) });
}

/** The present state of the obligation: the server's, or reckoned where it was asked on an earlier day. */
export function stayNow(known: Known): Stay {
  const today = bangkokToday();
  if (bangkokToday(new Date(known.at)) === today) return known.stay;
  const obligation = { ...known.stay.obligation, state: stateOn(known.stay.obligation, today) };
  return { ...known.stay, obligation };
}

/** Use an activation code; what is known of its owner is asked for by `refresh`. */
export async function signIn(...how: Parameters<typeof session.activate>): Promise<Answer<string>> {
  const answer = await session.activate(...how);
  if (!answer.data) return answer;
  if (phone.known?.resident !== answer.data) phone.known = undefined;
  phone.signedIn = true;
  phone.resident = answer.data;
  phone.ended = false;
  tabs.postMessage("changed");
  return answer;
}

/** Sign out: everything that this phone keeps is destroyed, in every tab. */
export async function signOut(): Promise<void> {
  await vault.destroy();
  await session.forget();
  phone.known = undefined;
  phone.signedIn = phone.ended = false;
  phone.resident = undefined;
  tabs.postMessage("changed");
}

/** Have messages in a language from now on, and show those that are here in it. */
export async function changeLanguage(wanted: Language): Promise<void> {
  if (!phone.signedIn) return;
  await mine(() => call("patch", "/api/v1/me", { body: { language: wanted } }));
  await refresh();
}
