/** The law as the API has it: by section what it says under each key. */

import { codeText, t } from "../words.svelte";
import type { Trouble } from "$shared/api/client";
import { day, troubleText } from "../format";

export type Said = { value?: unknown; readings?: unknown[]; grade?: string; source?: string; opens_before?: number; closes_after?: number; regime?: string; effect?: string; unless?: string | null; kind?: string; name?: string; first_on?: string; last_on?: string; provinces?: string[] };
export type Contents = Record<string, Record<string, Said | string>>;
export const SECTIONS = ["rules", "windows", "regimes", "findings", "waivers", "closing-days"] as const;

const plain = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** What a section says under a key, in one line; nothing where it says nothing. */
export function says(section: string, said: Said | string | null | undefined): string {
  if (said === null || said === undefined) return "–";
  if (typeof said === "string") return said;
  switch (section) {
    case "rules":
      return plain(said.value);
    case "windows":
      return t("law.says.window", { before: said.opens_before ?? 0, after: said.closes_after ?? 0 });
    case "regimes":
      return said.regime ?? "";
    case "findings":
      return [codeText(`effect.${said.effect ?? ""}`, said.effect ?? ""), said.unless && t("law.says.unless", { rule: said.unless })].filter(Boolean).join(", ");
    case "waivers":
      return t("law.says.days", { first: day(said.first_on), last: day(said.last_on) });
    default:
      return said.provinces?.length ? t("law.says.provinces", { provinces: said.provinces.join(", ") }) : t("law.says.everywhere");
  }
}

/** What a key is called. */
export function called(section: string, key: string, said: Said | string | null | undefined): string {
  if (section === "findings") return codeText(`reason.${key}`, key);
  if (section === "waivers" && said && typeof said !== "string") return said.name ?? key;
  if (section === "closing-days") return day(key.slice(0, 10));
  return key;
}

/** Why something cannot be registered or ended, in words. */
export function lawTrouble(trouble: Trouble): string {
  const obstacles = trouble.kind === "refused" ? ((trouble.problem["obstacles"] ?? []) as string[]) : [];
  return obstacles.map((each) => codeText(`entry.why.${each}`, each)).join(" ") || troubleText(trouble);
}
