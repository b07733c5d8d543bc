/** A birth date as people type it: three boxes, the month as a number or by its name; a Thai year is asked about. */

export type Birth = { date: string } | { fault: "empty" | "form" | "future" } | { fault: "thai-year"; year: number; meant: number };

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const BUDDHIST = 543;

/** The date, or what is wrong with it. `today` is a civil date. */
export function birthDate(day: string, month: string, year: string, today: string): Birth {
  const texts = [day, month, year].map((text) => text.trim());
  if (texts.every((text) => !text)) return { fault: "empty" };
  const [d, y] = [texts[0], texts[2]].map((text) => (/^\d+$/.test(text ?? "") ? Number(text) : NaN)) as [number, number];
  const m = monthOf(texts[1] ?? "");
  const thisYear = Number(today.slice(0, 4));
  if (y > thisYear + 100 && y - BUDDHIST <= thisYear && y - BUDDHIST > 1880) return { fault: "thai-year", year: y, meant: y - BUDDHIST };
  const date = new Date(Date.UTC(y, m - 1, d));
  const real = date.getUTCFullYear() === y && date.getUTCMonth() === m - 1 && date.getUTCDate() === d;
  if (!real || y < 1880) return { fault: "form" };
  const iso = date.toISOString().slice(0, 10);
  return iso > today ? { fault: "future" } : { date: iso };
}

function monthOf(text: string): number {
  if (/^\d{1,2}$/.test(text)) return Number(text);
  return MONTHS.indexOf(text.toLowerCase().slice(0, 3)) + 1;
}
