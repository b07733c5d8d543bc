/** The words of the console: the section `console` of the files in `words/`, and the sentences for codes beside it. */

import type file from "$words/en.json";

type Words = typeof file;
export type Key = keyof Words["console"];
export type Language = "en" | "th";
type Section = "statuses" | "channels";
type Values = Record<string, string | number>;

/** Own names, in the order in which the switch shows them. */
export const LANGUAGES: Record<Language, string> = { en: "English", th: "ไทย" };

// An incomplete language does not compile.
const FILES: Record<Language, () => Promise<Words>> = {
  en: () => import("$words/en.json").then((words) => words.default),
  th: () => import("$words/th.json").then((words) => words.default),
};
const CHOSEN = "language";
const now = $state({ language: "en" as Language, words: undefined as Words | undefined });

const isLanguage = (text: string | null): text is Language => text !== null && Object.hasOwn(LANGUAGES, text);

/** The present language. */
export function language(): Language {
  return now.language;
}

/** The one beside the present: what the switch offers. */
export function otherLanguage(): Language {
  return now.language === "en" ? "th" : "en";
}

/** Load the words of a language and show everything in it; with `remember`, on the next visit too. */
export async function useLanguage(wanted: Language, remember = true): Promise<void> {
  now.words = await FILES[wanted]();
  now.language = wanted;
  document.documentElement.lang = wanted;
  try {
    if (remember) localStorage.setItem(CHOSEN, wanted);
  } catch {
    // Storage is forbidden: the language is chosen again on the next visit.
  }
}

/** The language chosen before, else the first of the browser's that we have, else English. */
export function firstLanguage(): Language {
  let chosen: string | null = null;
  try {
    chosen = localStorage.getItem(CHOSEN);
  } catch {
    // As above.
  }
  if (isLanguage(chosen)) return chosen;
  return navigator.languages.map((tag) => tag.split("-")[0] ?? "").find(isLanguage) ?? "en";
}

/** The text under a key, with its values put in. */
export function t(key: Key, values: Values = {}): string {
  const text = now.words?.console[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The text under a key that was put together from a code; the code itself where it is newer than this console. */
export function codeText(key: string, code: string): string {
  const texts: Record<string, string> = now.words?.console ?? {};
  return texts[key] ?? code;
}

/** The word for a code of a section that the service itself uses. */
export function coded(section: Section, code: string): string {
  const words: Record<string, string> = now.words?.[section] ?? {};
  return words[code] ?? code;
}

/** A reason in a colleague's words; what the person reads is in the answer of the API. */
export function reasonLabel(code: string): string {
  return codeText(`reason.${code}`, code);
}
