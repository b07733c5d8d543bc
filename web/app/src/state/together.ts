/** People who live together and are on one phone: they share an address, and one files for another. */

import type { Form, Place } from "$shared/api/client";
import { change, filing, formOf, lastReport, start } from "./filing.svelte";
import type { Person } from "./people";
import { addPlace, lastKnown, phone, type Known } from "./phone.svelte";

/** What is known of the others on this phone. */
export async function others(): Promise<{ person: Person; known: Known }[]> {
  const rest = phone.people.filter(({ id }) => id !== phone.person);
  const kept = await Promise.all(rest.map(async (person) => ({ person, known: await lastKnown(person.id) })));
  return kept.filter((each): each is { person: Person; known: Known } => each.known !== undefined);
}

/** An address of another person on this phone, for one who lives there too. */
export type Shared = { person: Person; form: Form; place: Place | undefined };

/** Where the others on this phone live, by their last reports. */
export async function addressesOfOthers(): Promise<Shared[]> {
  const found = (await others()).map(({ person, known }) => ({ person, known, last: lastReport(known) }));
  return found.flatMap(({ person, known, last }) => {
    return last?.address ? [{ person, form: formOf(last), place: known.places[last.address.subdistrict_code] }] : [];
  });
}

/** Begin a report of another person; one without an address of their own lives where this one does. */
export async function fileToo(person: string): Promise<void> {
  const last = lastReport();
  const place = last?.address && phone.known?.places[last.address.subdistrict_code];
  const form = last && formOf(last);
  await change(person, async () => {
    if (!form || filing.draft || lastReport()) return;
    if (place) await addPlace(place);
    await start(undefined, form);
  });
}
