/** Who is on this phone: each activated on their own, with records and a key of their own. Each tab shows one of them. */

import { alone } from "./session";
import * as vault from "./vault";

/** A person of this phone. `id` is made here and stays; `resident` is what the service calls them. */
export type Person = { id: string; resident: string; name: string; given: string };
type Kept = { last: string | undefined; items: Person[] };

const NAME = "people";
const TAB = "person";
let ofTab: string | undefined;

async function read(): Promise<Kept> {
  return (await vault.get<Kept>(vault.PHONE, NAME)) ?? { last: undefined, items: [] };
}

/** Everybody on this phone, and whom this tab shows: its own choice, else the one who was shown last. */
export async function look(): Promise<{ people: Person[]; shown: Person | undefined }> {
  const kept = await read();
  const wanted = ofTab ?? stored() ?? kept.last;
  const shown = kept.items.find((each) => each.id === wanted) ?? kept.items[0];
  ofTab = shown?.id;
  return { people: kept.items, shown };
}

/** Show somebody in this tab from now on, and in those that are opened later. */
export async function choose(id: string): Promise<void> {
  ofTab = id;
  try {
    sessionStorage.setItem(TAB, id);
  } catch {
    // Storage is forbidden: this page knows it as long as it lasts.
  }
  await change((items) => items, id);
}

/** Keep who somebody is: a new person, or one who is here already under the same id. */
export async function note(person: Person): Promise<void> {
  await change((items) => (items.some((each) => each.id === person.id) ? items.map((each) => (each.id === person.id ? person : each)) : [...items, person]));
}

/** Remove somebody with everything that is kept of them. */
export async function remove(id: string): Promise<void> {
  ofTab = undefined;
  await vault.destroy(id);
  const { items } = await change((items) => items.filter((each) => each.id !== id));
  if (!items.length) await vault.destroyAll();
}

function change(act: (items: Person[]) => Person[], last?: string): Promise<Kept> {
  return alone("people", async () => {
    const kept = await read();
    const next = { last: last ?? kept.last, items: act(kept.items) };
    await vault.put(vault.PHONE, NAME, next);
    return next;
  });
}

function stored(): string | undefined {
  try {
    return sessionStorage.getItem(TAB) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Take over what an earlier version of this app kept, which knew one person only. */
export async function takeOver(): Promise<void> {
  const id = crypto.randomUUID();
  let resident: string | undefined;
  for (const name of ["session", "known", "draft", "device"]) {
    const record = await vault.get<{ resident?: string }>(vault.PHONE, name);
    if (!record) continue;
    resident ??= record.resident ?? "";
    await vault.put(id, name, name === "draft" ? { ...record, person: id } : record);
    await vault.remove(vault.PHONE, name);
  }
  if (resident !== undefined) await note({ id, resident, name: "", given: "" });
}
