import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Plugin } from "vite";

/** The sections of a language's file that the app shows; the others are the server's, which sends what it says. */
const SECTIONS = ["states", "yearly-states", "statuses", "reasons"] as const;
/** What the first screen, the bars around it and its errors say. The rest is loaded with the screen that needs it. */
const FIRST = /^(app|nav|act|welcome|home|states|yearly-states|trouble|offline|down|update)\./;
const NAME = "virtual:words";

type Nested = { [key: string]: string | string[] | Nested };
type Flat = Record<string, string | string[]>;

/**
 * The words as the app loads them: one module that knows the languages, and two for each language, the first screen's
 * and the rest. They are made from `words/`, one file per language, which the server reads too.
 */
export function words(folder: string): Plugin {
  const languages = readdirSync(folder).filter((name) => name.endsWith(".json")).map((name) => basename(name, ".json"));
  const read = (language: string): Nested => JSON.parse(readFileSync(join(folder, `${language}.json`), "utf8")) as Nested;
  const loaders = (ending: string): string =>
    languages.map((each) => `${JSON.stringify(each)}: () => import("${NAME}/${each}${ending}")`).join(", ");
  return {
    name: "words",
    resolveId: (id) => (id.startsWith(NAME) ? `\0${id}` : undefined),
    load(id) {
      if (!id.startsWith(`\0${NAME}`)) return undefined;
      const [language = "", part] = id.slice(NAME.length + 2).split("-");
      if (!language) {
        const names = Object.fromEntries(languages.map((each) => [each, read(each).name]));
        return `export const NAMES = ${JSON.stringify(names)}; export const FIRST = {${loaders("")}}; export const LATER = {${loaders("-later")}};`;
      }
      const all = Object.entries(textsOf(read(language)));
      return `export default ${JSON.stringify(Object.fromEntries(all.filter(([key]) => FIRST.test(key) !== (part === "later"))))}`;
    },
  };
}

/** The texts of the app by their keys: `home.file` of the screens, `reasons.other.title` of another section. */
function textsOf(content: Nested): Flat {
  const found: Flat = { ...(content.screens as Flat) };
  for (const section of SECTIONS) flatten(content[section] as Nested, `${section}.`, found);
  return found;
}

function flatten(content: Nested, before: string, into: Flat): void {
  for (const [key, value] of Object.entries(content)) {
    if (typeof value === "string" || Array.isArray(value)) into[before + key] = value;
    else flatten(value, `${before}${key}.`, into);
  }
}
