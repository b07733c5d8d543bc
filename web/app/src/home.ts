/** What the home screen says and offers in each situation. */

import type { Report, Stay } from "$shared/api/client";
import type { Tone } from "$shared/components/tone";
import { bangkokToday, daysBetween, longDate } from "$shared/words/dates";
import { plural, t, type Say } from "$shared/words/words.svelte";
import { brief, day, moment } from "./format";
import { to } from "./routes.svelte";
import type { Draft } from "./state/filing.svelte";
import { mayFile, situationOf, type Situation } from "./state/situation";

export type View = {
  situation: Situation | "waiting";
  sentence: string;
  /** The date in the sentence, for beside one of the Buddhist era. */
  date: string | null;
  text: string;
  /** Sentence and text in another language, where they say what the law says. */
  original?: (english: Say) => string;
  ring: { part: number; tone: Tone; middle: string; below?: string };
  action: { label: string; href: string } | undefined;
};

const PERIOD = 90;
/** Where a fine, a grace or the end of a stay is spoken of. */
const OF_LAW: readonly Situation[] = ["due-today", "in-grace", "late", "stay-expired"];
const DATED: readonly Situation[] = ["not-open", "open", "in-grace", "late", "yearly"];

/** Everything that the home screen shows of the obligation. */
export function viewOf(stay: Stay, reports: Report[], draft: Draft | undefined): View {
  const today = bangkokToday();
  const { obligation } = stay;
  if (draft?.state === "waiting") return waiting(obligation.due_on);
  const situation = situationOf(stay, reports, today);
  const last = reports[0];
  const passed = situation === "in-grace" && obligation.last_day_to_act !== null && obligation.last_day_to_act <= today;
  const said = (say: Say, date: typeof day): { title: string; text: string } => {
    const words = wordsOf(situation, obligation, valuesOf(stay, last, date), say);
    return passed ? { ...words, text: say("home.in-grace.now") } : words;
  };
  const words = said(t, day);
  const original = (english: Say): string => Object.values(said(english, (iso) => (iso ? longDate(iso, "en") : ""))).join(" ");
  return {
    situation,
    sentence: words.title,
    date: situation === "stay-expired" || situation === "leaves-before" ? stay.permitted_until : DATED.includes(situation) ? obligation.due_on : null,
    text: words.text,
    ...(OF_LAW.includes(situation) && { original }),
    ring: ringOf(situation, obligation.due_on, today),
    action: actionOf(situation, stay, last, draft, today),
  };
}

function valuesOf(stay: Stay, last: Report | undefined, date: typeof day): Record<string, string> {
  const { obligation } = stay;
  return {
    due_on: date(obligation.due_on),
    opens_on: date(obligation.can_file_from ?? obligation.opens_on),
    last_day_to_act: date(obligation.last_day_to_act),
    permitted_until: date(stay.permitted_until),
    when: last ? moment(last.filed_at) : "",
  };
}

/** The sentence of a situation and what follows it. Those of the law are the API's own, so that both say the same. */
function wordsOf(situation: Situation, owed: Stay["obligation"], values: Record<string, string>, say: Say): { title: string; text: string } {
  if (situation === "leaves-before") return { title: say("states.none.title", values), text: say("states.none.text") };
  if (situation === "yearly") {
    const state = owed.state === "none" ? "states.none" : (`yearly-states.${owed.state}` as const);
    return { title: say(`${state}.title`, values), text: say(`${state}.text`, values) };
  }
  if (situation === "exempt" || situation === "unclear") return { title: say(`home.${situation}`), text: owed.text };
  if (isState(situation)) return { title: say(`states.${situation}.title`, values), text: say(`states.${situation}.text`, values) };
  return { title: say(`home.${situation}`, values), text: say(`home.${situation}.text`, values) };
}

type State = Exclude<Stay["obligation"]["state"], "none">;
const STATES: readonly Situation[] = ["not-open", "open", "due-today", "in-grace", "late"] satisfies State[];
const isState = (situation: Situation): situation is State => STATES.includes(situation);

function waiting(due: string | null): View {
  return {
    situation: "waiting",
    sentence: t("home.waiting"),
    date: null,
    text: due ? t("home.waiting.text", { due: day(due) }) : t("home.waiting.text.open"),
    ring: { part: 1, tone: "warn", middle: t("home.ring.not-sent") },
    action: undefined,
  };
}

const WORDS = {
  "due-today": ["warn", "home.ring.today"],
  "in-grace": ["warn", "home.ring.past"],
  late: ["bad", "home.ring.past"],
  "under-review": ["plain", "home.ring.checking"],
  returned: ["warn", "home.ring.change"],
  "needs-visit": ["warn", "home.ring.visit"],
  "stay-expired": ["bad", "home.ring.stay-ended"],
} as const;

function ringOf(situation: Situation, due: string | null, today: string): View["ring"] {
  if (situation in WORDS) {
    const [tone, key] = WORDS[situation as keyof typeof WORDS];
    return { part: 1, tone, middle: t(key) };
  }
  if ((situation === "open" || situation === "not-open" || situation === "yearly") && due) {
    const left = daysBetween(today, due);
    const tone = situation === "open" && left <= 3 ? "warn" : "good";
    if (left > 0) return { part: 1 - left / (situation === "yearly" ? 365 : PERIOD), tone, middle: String(left), below: plural("home.ring", left) };
    return { part: 1, tone, middle: brief(due) }; // this phone's clock is wrong: the date is right
  }
  const word = situation === "unclear" || situation === "no-entry" ? "home.ring.unsure" : situation === "abroad" ? "home.ring.abroad" : "home.ring.none";
  return { part: 0, tone: "plain", middle: t(word) };
}

function actionOf(situation: Situation, stay: Stay, last: Report | undefined, draft: Draft | undefined, today: string): View["action"] {
  if (situation === "returned" && last) return { label: t("home.correct"), href: to("file", last.number) };
  if (situation === "under-review" && last) return { label: t("home.see-report"), href: to("report", last.number) };
  if (situation === "needs-visit" && last) return { label: t("home.where"), href: to("report", last.number) };
  if (situation === "abroad") return { label: t("home.trip"), href: to("trip") };
  if (!mayFile(situation, stay.obligation, today)) return undefined;
  const soon = situation === "due-today" || situation === "in-grace" || situation === "late";
  return { label: draft ? t("home.go-on") : soon ? t("home.file-today") : t("home.file"), href: to("file") };
}
