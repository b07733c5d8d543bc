/** Addresses, names and dates as screens show them, in the present language. */

import type { Address, Place, Trouble, Visit } from "$shared/api/client";
import { longDate, shortDate, timeOf, weekdays } from "$shared/words/dates";
import { hasText, language, placeLanguage, t, type Key, type Say } from "$shared/words/words.svelte";

/** A date with its weekday; a space before it where the language writes words apart. */
export const day = (iso: string | null | undefined): string => (iso ? longDate(iso, language()) : "");
export const brief = (iso: string | null | undefined): string => (iso ? shortDate(iso, language()) : "");
export const moment = (instant: string): string => timeOf(instant, language());

/** An area in one line: "Khlong Toei Nuea, Watthana, Bangkok". */
export function areaOf(place: Place, of: "en" | "th" = placeLanguage()): string {
  return [place.subdistrict[of], place.district[of], place.province[of]].join(of === "th" ? " " : ", ");
}

/** An address in lines, as it is written on a letter. */
export function addressLines(address: Address, place: Place | undefined): string[] {
  const moo = address.moo && `${t("file.moo")} ${address.moo}`;
  const soi = address.soi && (/^(soi|ซอย)/i.test(address.soi) ? address.soi : `${placeLanguage() === "th" ? "ซอย" : "Soi"} ${address.soi}`);
  const first = [address.building, address.house_number, moo, soi, address.road].filter(Boolean).join(", ");
  return [first, `${place ? areaOf(place) : address.subdistrict_code} ${address.postal_code}`];
}

/** When an office is open: "Open Monday to Friday, 08:30 to 16:30". */
export function hours(visit: Visit): string {
  return t("report.visit.hours", { days: weekdays(visit.weekdays, language(), t("report.visit.to")), opens: visit.opens, closes: visit.closes });
}

/** The title and what to do of a trouble that concerns a whole page. */
export function troubleWords(trouble: Trouble): { title: string; text: string } {
  const kind = trouble.kind === "refused" ? "other" : trouble.kind;
  const values = trouble.kind === "many" ? { when: moment(trouble.until) } : {};
  return { title: t(`trouble.${kind}`), text: t(`trouble.${kind}.text`, values) };
}

/** The text of a code, or another one where this app is older than the code. */
export function codeWords(key: string, otherwise: Key, say: Say = t): string {
  return say(hasText(key) ? key : otherwise);
}
