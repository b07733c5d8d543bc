/** Dates and times as people read them: civil dates as they are, times in Bangkok; Thai in the Buddhist era. */

import { now } from "../clock.ts";

const BANGKOK = "Asia/Bangkok";
const LOCALES: Record<string, string> = { en: "en-GB-u-ca-gregory-nu-latn", th: "th-TH-u-ca-buddhist-nu-latn" };
// No line ends inside a date, but after the weekday. Thai writes "วันอังคาร" without spaces: a joiner holds it together.
const SPACE = "\u00a0";
const JOINER = "\u2060";
type Part = "weekday" | "day" | "month" | "year";

function parts(date: Date, language: string, options: Intl.DateTimeFormatOptions): Record<Part, string> {
  const format = new Intl.DateTimeFormat(LOCALES[language] ?? LOCALES.en, options);
  const found = { weekday: "", day: "", month: "", year: "" };
  for (const { type, value } of format.formatToParts(date)) if (type in found) found[type as Part] = value;
  return found;
}

const civilDate = (iso: string): Date => new Date(`${iso}T00:00:00Z`);

/** "Tuesday 14 April 2026"; in Thai "วันอังคารที่ 14 เมษายน 2569". */
export function longDate(iso: string, language: string): string {
  const d = parts(civilDate(iso), language, { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  const rest = [d.day, d.month, d.year].join(SPACE);
  return language === "th" ? `${d.weekday.replace(/^วัน/, `วัน${JOINER}`)}${JOINER}ที่ ${rest}` : `${d.weekday} ${rest}`;
}

/** "14 April 2026"; in Thai "14 เมษายน 2569". */
export function shortDate(iso: string, language: string): string {
  const d = parts(civilDate(iso), language, { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  return [d.day, d.month, d.year].join(SPACE);
}

/** "14 Apr 2026", for beside a year of the Buddhist era: the one that passports and receipts have. */
export function westernDate(iso: string): string {
  const d = parts(civilDate(iso), "en", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  return `${d.day} ${d.month} ${d.year}`;
}

/** A time as its date and 24-hour clock in Bangkok: "1 April 2026, 10:15". */
export function timeOf(instant: string, language: string): string {
  const at = new Date(instant);
  const d = parts(at, language, { day: "numeric", month: "long", year: "numeric", timeZone: BANGKOK });
  return `${d.day} ${d.month} ${d.year}, ${clock(at)}`;
}

function clock(at: Date): string {
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: BANGKOK }).format(at);
}

/** The names of weekdays by their ISO numbers, Monday is 1: "Monday to Friday", or a list where they are not in a row. */
export function weekdays(numbers: number[], language: string, to: string): string {
  const names = numbers.map((number) => {
    const day = new Date(Date.UTC(2024, 0, number)); // 1 January 2024 was a Monday
    return new Intl.DateTimeFormat(LOCALES[language] ?? LOCALES.en, { weekday: "long", timeZone: "UTC" }).format(day);
  });
  const inARow = numbers.every((number, at) => at === 0 || number === (numbers[at - 1] ?? 0) + 1);
  return inARow && names.length > 2 ? `${names[0]} ${to} ${names.at(-1)}` : names.join(", ");
}

/** The civil date in Bangkok, by the service's clock. */
export function bangkokToday(at: Date = now()): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: BANGKOK, year: "numeric", month: "2-digit", day: "2-digit" }).format(at);
}

/** Whole days from one civil date to another. */
export function daysBetween(from: string, to: string): number {
  return Math.round((civilDate(to).getTime() - civilDate(from).getTime()) / 86_400_000);
}
