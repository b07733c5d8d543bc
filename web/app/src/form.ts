/**
 * What is wrong with a form. What can be said without the server: what is missing, and how long a text may be. Whether a
 * number or an e-mail address can be one, the server decides, and its sentences are shown beside the fields.
 */

import type { Form, Problem } from "$shared/api/client";
import { t } from "$shared/words/words.svelte";

/** The longest text of each field, in characters. */
export const LONGEST = { house_number: 100, building: 200, moo: 100, soi: 150, road: 150, phone: 50, email: 254 } as const;
// Control characters, and marks that turn the direction of writing.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

/** What is wrong, by the ids of the fields. */
export type Errors = Record<string, string | undefined>;

/** The errors of a form. */
export function errorsOf(form: Form): Errors {
  const { address } = form;
  const errors: Errors = {
    place: address.subdistrict_code ? undefined : t("error.place.empty"),
    house_number: address.house_number.trim() ? fits(address.house_number, LONGEST.house_number) : t("error.house.empty"),
  };
  for (const name of ["building", "moo", "soi", "road"] as const) errors[name] = fits(address[name] ?? "", LONGEST[name]);
  for (const name of ["phone", "email"] as const) errors[name] = fits(form[name] ?? "", LONGEST[name]);
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

/** What the server said against the fields of a form, by the ids of the fields, with the values that it was said of. */
export type Refused = { form: Form; errors: Errors };

/** The errors of a refusal that concern fields, or undefined. */
export function refusedFields(form: Form, problem: Problem | undefined): Refused | undefined {
  const errors: Errors = {};
  for (const { field, message } of problem?.field_errors ?? []) errors[idOf(field)] = message;
  if (problem?.code === "address-unknown") errors.place = problem.title;
  return Object.keys(errors).length ? { form, errors } : undefined;
}

/** What was said against values that are still there. */
export function standing(refused: Refused | undefined, form: Form): Errors {
  const same = ([id]: [string, unknown]): boolean => valueOf(form, id) === valueOf(refused?.form, id);
  return Object.fromEntries(Object.entries(refused?.errors ?? {}).filter(same));
}

const idOf = (field: string): string => (/code$/.test(field) ? "place" : (field.split(".").at(-1) ?? field));

function valueOf(form: Form | undefined, id: string): string | null | undefined {
  if (id === "phone" || id === "email") return form?.[id];
  return id === "place" ? form?.address.subdistrict_code : form?.address[id as keyof Form["address"]];
}
