/** Dates, times, addresses and names as the console shows them, in the present language. */

import type { Address, Place, Trouble } from "$shared/api/client";
import { longDate, shortDate, timeOf } from "$shared/words/dates";
import { language, t } from "./words.svelte";

export const day = (iso: string | null | undefined): string => (iso ? longDate(iso, language()) : "");
export const brief = (iso: string | null | undefined): string => (iso ? shortDate(iso, language()) : "");
export const moment = (instant: string): string => timeOf(instant, language());

/** A date and time in few letters, for tables: "27 Nov, 00:10"; in Bangkok. */
export function shortMoment(instant: string): string {
  const options = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "Asia/Bangkok" } as const;
  return new Intl.DateTimeFormat(language() === "th" ? "th-TH-u-nu-latn" : "en-GB", options).format(new Date(instant));
}

/** How long something is at an office, in working days: they are the server's. */
export const atOffice = (days: number): string => (days === 0 ? t("queue.since-today") : days === 1 ? t("queue.since-one") : t("queue.since", { days }));

/** A choice of the filter by working days at the office. */
export const workingDays = (days: string): string => (days === "1" ? t("queue.one-working-day") : t("queue.working-days", { days }));

/** A time of today in Bangkok: "00:10:30". */
export function clockTime(instant: string): string {
  const options = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: "Asia/Bangkok" } as const;
  return new Intl.DateTimeFormat("en-GB", options).format(new Date(instant));
}

/** A civil date in few letters: "2 Dec". */
export function shortDay(iso: string): string {
  const options = { day: "numeric", month: "short", timeZone: "UTC" } as const;
  return new Intl.DateTimeFormat(language() === "th" ? "th-TH-u-nu-latn" : "en-GB", options).format(new Date(`${iso}T00:00:00Z`));
}

/** An area in one line, in both scripts: officers compare with papers in Thai. */
export function areaLine(place: Place, of: "en" | "th"): string {
  return [place.subdistrict[of], place.district[of], place.province[of]].join(of === "th" ? " " : ", ");
}

/** What was typed of an address, in one line. */
export function streetLine(address: Address): string {
  const moo = address.moo && `Moo ${address.moo}`;
  const soi = address.soi && (/^(soi|ซอย)/i.test(address.soi) ? address.soi : `Soi ${address.soi}`);
  return [address.house_number, address.building, moo, soi, address.road].filter(Boolean).join(", ");
}

/** The name of who acted, which records keep behind their role: "officer:anan". */
export const officerName = (actor: string | null): string => actor?.split(":").at(-1) ?? "";

/** Why a call brought nothing, in words. */
export function troubleText(trouble: Trouble): string {
  if (trouble.kind !== "refused") return t(`trouble.${trouble.kind}`);
  const { title, detail } = trouble.problem as { title?: string; detail?: string };
  return [title, detail].filter(Boolean).join(" ") || t("trouble.refused");
}

/**
 * The parts of two texts, each marked where the other text has something else. Words are compared, not letters: a
 * house number that differs by a digit is another house.
 */
export function compared(one: string, other: string): { text: string; differs: boolean }[] {
  const fold = (word: string): string => word.toLowerCase().replace(/[.,]/g, "");
  const there = new Set(other.split(/\s+/).map(fold));
  return one.split(/(\s+)/).map((word) => ({ text: word, differs: Boolean(word.trim()) && !there.has(fold(word)) }));
}
