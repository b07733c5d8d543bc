/** The words of every screen: one file per language in `words/app/`, keys and languages known to the compiler. */

import type en from "$words/app/en.json";

export type Key = keyof typeof en;
export type Language = "en" | "th";
type Values = Record<string, string | number>;

/** Own names, in the order in which the switch shows them. */
export const LANGUAGES: Record<Language, string> = { en: "English", th: "ไทย" };

// A language is a file of its own, so that a phone loads one of them. An incomplete one does not compile.
const FILES: Record<Language, () => Promise<Record<Key, string>>> = {
  en: () => import("$words/app/en.json").then((file) => file.default),
  th: () => import("$words/app/th.json").then((file) => file.default),
};

const CHOSEN = "language";
const now = $state({ language: "en" as Language, words: {} as Record<Key, string> });

export const isLanguage = (text: string | null): text is Language => text !== null && Object.hasOwn(LANGUAGES, text);

/** The present language. */
export function language(): Language {
  return now.language;
}

/** Load the words of a language and show everything in it; with `remember`, on the next visit too. */
export async function useLanguage(wanted: Language, remember = true): Promise<void> {
  now.words = await FILES[wanted]();
  now.language = wanted;
  document.documentElement.lang = wanted;
  if (!remember) return;
  try {
    localStorage.setItem(CHOSEN, wanted);
  } catch {
    // Storage is forbidden: the language is chosen again on the next visit.
  }
}

/** The language chosen before, else the first of the phone's that we have, else English. */
export function firstLanguage(): Language {
  let chosen: string | null = null;
  try {
    chosen = localStorage.getItem(CHOSEN);
  } catch {
    // As above.
  }
  if (isLanguage(chosen)) return chosen;
  const spoken = navigator.languages.map((tag) => tag.split("-")[0] ?? "");
  return spoken.find(isLanguage) ?? "en";
}

/** The text under a key, with its values put in. */
export function t(key: Key, values: Values = {}): string {
  const text = now.words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

type Counted = Extract<Key, `${string}.other`> extends `${infer Stem}.other` ? Stem : never;

/** The text for a number: the form that the language has for it, of which every language has `other`. */
export function plural(stem: Counted, count: number): string {
  const form = new Intl.PluralRules(now.language).select(count) === "one" ? "one" : "other";
  return t(`${stem}.${form}` as Key, { count });
}

/** Whether there is a text under a key that was put together from a code, such as one that is newer than this app. */
export function hasText(key: string): key is Key {
  return Object.hasOwn(now.words, key);
}
