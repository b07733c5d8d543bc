/** What is typed to set up a phone, across the two screens that ask for it; it is kept nowhere but in this page. */

import { bangkokToday } from "$shared/words/dates";
import { birthDate } from "./birth";
import { faultOf, linesOf } from "./mrz";
import type { Activation } from "./state/session";

export const typed = $state({
  way: "fields" as "fields" | "mrz",
  number: "",
  country: "",
  countryName: "",
  day: "",
  month: "",
  year: "",
  mrz: "",
  code: "",
});

/** Who the typed details say it is; undefined while something of them is missing or wrong. */
export function details(): Activation | undefined {
  if (typed.way === "mrz") return faultOf(typed.mrz) ? undefined : { mrz: linesOf(typed.mrz).join("\n") };
  const born = birthDate(typed.day, typed.month, typed.year, bangkokToday());
  if (!passportNumber() || !typed.country || "fault" in born) return undefined;
  return { document_number: passportNumber(), issuing_state: typed.country, birth_date: born.date };
}

/** The number as a passport has it: capitals, without the spaces and hyphens that people put in. */
export function passportNumber(): string {
  return typed.number.toUpperCase().replace(/[\s\-‐-―]/g, "");
}

/** The code without what people put between its letters. */
export function activationCode(): string {
  return typed.code.toUpperCase().replace(/[^A-Z0-9]/g, "");
}

/** Forget everything typed. */
export function clear(): void {
  Object.assign(typed, { number: "", country: "", countryName: "", day: "", month: "", year: "", mrz: "", code: "" });
}
