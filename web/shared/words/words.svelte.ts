/** The words of every screen: one file per language in `words/`, which the server reads too; keys known to the compiler. */

import { FIRST, LATER, NAMES } from "virtual:words";
import type en from "$words/en.json";
import type { components } from "../api/schema";

export type Language = components["schemas"]["ProfileOut"]["language"];
type Words = typeof en;
/** The keys of nested texts, joined with dots. */
type Paths<T> = { [K in keyof T & string]: T[K] extends string | string[] ? K : `${K}.${Paths<T[K]>}` }[keyof T & string];
export type Key = keyof Words["screens"] | Paths<Pick<Words, "states" | "yearly-states" | "statuses" | "reasons">>;
type Values = Record<string, string | number>;
/** Gives the text under a key, in one language. */
export type Say = (key: Key, values?: Values) => string;

/** Own names, in the order in which the switch shows them. */
export const LANGUAGES = NAMES as Record<Language, string>;

const CHOSEN = "language";
const now = $state({ language: "en" as Language, words: {} as Record<string, string | string[]> });
let all = false;

export const isLanguage = (text: string | null): text is Language => text !== null && Object.hasOwn(LANGUAGES, text);

/** The present language. */
export function language(): Language {
  return now.language;
}

/** The language in which places and offices are named: they have Thai and English names only. */
export function placeLanguage(): "en" | "th" {
  return now.language === "th" ? "th" : "en";
}

/** The second one in which places are named. */
export function otherPlaceLanguage(): "en" | "th" {
  return now.language === "th" ? "en" : "th";
}

/**
 * Load the words of a language and show everything in it; with `remember`, on the next visit too. False where they did
 * not load: the language before stays.
 */
export async function useLanguage(wanted: Language, remember = true): Promise<boolean> {
  const parts = Promise.all([FIRST[wanted]?.(), all ? LATER[wanted]?.() : undefined]);
  const loaded = await parts.catch(() => undefined);
  if (!loaded) return false;
  now.words = Object.assign({}, ...loaded.map((part) => part?.default)) as typeof now.words;
  now.language = wanted;
  document.documentElement.lang = wanted;
  if (!remember) return true;
  try {
    localStorage.setItem(CHOSEN, wanted);
  } catch {
    // Storage is forbidden: the language is chosen again on the next visit.
  }
  return true;
}

/** Load what the first screen does not say, in the present language and in those chosen later; throws where it fails. */
export async function useAllWords(): Promise<void> {
  if (all) return;
  all = true;
  if (await useLanguage(now.language, false)) return;
  all = false;
  throw new Error("no words");
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

/** The text under a key with its values put in; of several, the first whose values are all there. */
export function t(key: Key, values: Values = {}): string {
  return fill(now.words[key] ?? key, values);
}

/**
 * The texts of a language that is not the present one, for what another person than the owner of the phone reads;
 * where they do not load, those of the present one.
 */
export async function textsOf(wanted: "en" | "th"): Promise<Say> {
  const parts = await Promise.all([FIRST[wanted]?.(), LATER[wanted]?.()]).catch(() => [{ default: now.words }]);
  const words: Record<string, string | string[]> = Object.assign({}, ...parts.map((part) => part?.default));
  return (key, values = {}) => fill(words[key] ?? key, values);
}

function fill(text: string | string[], values: Values): string {
  const put = (one: string): string => one.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
  if (typeof text === "string") return put(text);
  const filled = text.map(put);
  return filled.find((one) => !/\{\w+\}/.test(one)) ?? filled.at(-1) ?? "";
}

type Counted = Extract<Key, `${string}.other`> extends `${infer Stem}.other` ? Stem : never;

/** The text for a number: the form that the language has for it, of which every language has `other`. */
export function plural(stem: Counted, count: number): string {
  const form = `${stem}.${new Intl.PluralRules(now.language).select(count)}`;
  return t(hasText(form) ? form : `${stem}.other`, { count });
}

/** Whether there is a text under a key that was put together from a code, such as one that is newer than this app. */
export function hasText(key: string): key is Key {
  return Object.hasOwn(now.words, key);
}
