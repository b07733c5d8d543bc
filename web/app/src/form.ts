/** What the fields of a report take, as docs/openapi.json limits them, and what to say where they do not. */

import type { Form } from "$shared/api/client";
import { t } from "$shared/words/words.svelte";

/** The longest text of each field, in characters. */
export const LONGEST = { house_number: 100, building: 200, moo: 100, soi: 150, road: 150, phone: 30, email: 254 } as const;
// Control characters, and marks that turn the direction of writing.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

type Errors = Record<string, string | undefined>;

/** The errors of a form by the ids of its fields. */
export function errorsOf(form: Form): Errors {
  const { address } = form;
  const errors: Errors = {
    place: address.subdistrict_code ? undefined : t("error.place.empty"),
    house_number: address.house_number.trim() ? fits(address.house_number, LONGEST.house_number) : t("error.house.empty"),
  };
  for (const name of ["building", "moo", "soi", "road"] as const) errors[name] = fits(address[name] ?? "", LONGEST[name]);
  errors.phone = fits(form.phone ?? "", LONGEST.phone) ?? phoneError(form.phone ?? "");
  errors.email = fits(form.email ?? "", LONGEST.email) ?? emailError(form.email ?? "");
  return errors;
}

/** Whether nothing is wrong. */
export function isComplete(form: Form): boolean {
  return Object.values(errorsOf(form)).every((error) => error === undefined);
}

/** A form as it is sent: without spaces around its values. */
export function trimmed(form: Form): Form {
  const address = Object.fromEntries(Object.entries(form.address).map(([name, value]) => [name, (value ?? "").trim()]));
  return { address: address as Form["address"], phone: (form.phone ?? "").trim(), email: (form.email ?? "").trim() };
}

function fits(text: string, most: number): string | undefined {
  if ([...text].length > most) return t("error.long", { most });
  return UNSEEN.test(text) ? t("error.text") : undefined;
}

function phoneError(text: string): string | undefined {
  return !text.trim() || /^\+?[0-9][0-9 ()./-]{4,28}$/.test(text.trim()) ? undefined : t("error.phone.form");
}

function emailError(text: string): string | undefined {
  return !text.trim() || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text.trim()) ? undefined : t("error.email.form");
}
