/** The queue as it was last read. Its order never changes under the cursor: what is new is announced and shown on demand. */

import { call, unchanged, type Schemas, type Trouble } from "$shared/api/client";
import { unless } from "./api";
import { ask, session, wasActive } from "./session.svelte";

export type Item = Schemas["QueueItem"];
export type SavedView = Schemas["SavedViewOut"];
export const NO_FILTER = { office: "", reason: "", nationality: "", visa_class: "", assurance: "", waiting_days: "", at_office_days: "" };
const LIMIT = "30";
const POLL_SECONDS = 10;

export const queue = $state({
  /** Whether only what is in one's own hands is shown. */
  mine: false,
  /** The saved view that is shown; empty for a fixed one. */
  saved: "",
  views: [] as SavedView[],
  filter: { ...NO_FILTER },
  items: [] as Item[],
  cursor: null as string | null,
  /** The present first page where it differs from what is shown. */
  newer: undefined as Item[] | undefined,
  counts: undefined as Schemas["CountsOut"] | undefined,
  trouble: undefined as Trouble | undefined,
  loaded: false,
  at: 0,
});

let tag: string | undefined;

function wanted(cursor?: string): Record<string, string> {
  const query: Record<string, string> = { limit: LIMIT };
  for (const [name, value] of Object.entries(queue.filter)) if (value) query[name] = value;
  if (queue.mine) query.mine = "true";
  if (cursor) query.cursor = cursor;
  return query;
}

const read = (cursor?: string, known?: string) =>
  call("get", "/api/v1/review/reports", { query: wanted(cursor) as never }, unless(known));

/** Read the queue from its beginning. */
export async function load(): Promise<void> {
  const answer = await ask(() => read());
  queue.trouble = answer.trouble;
  queue.loaded = true;
  if (!answer.data) return;
  tag = answer.etag;
  queue.items = answer.data.items;
  queue.cursor = answer.data.next_cursor;
  queue.newer = undefined;
  queue.at = Math.min(queue.at, Math.max(0, queue.items.length - 1));
  await Promise.all([count(), loadViews()]);
}

async function count(): Promise<void> {
  const answer = await ask(() => call("get", "/api/v1/review/counts", {}));
  if (answer.data) queue.counts = answer.data;
}

/** Read the saved views with their counts. */
export async function loadViews(): Promise<void> {
  const answer = await ask(() => call("get", "/api/v1/review/views", {}));
  if (answer.data) queue.views = answer.data.items;
}

/** Show a saved view: its filter becomes the present one. */
export function show(view: SavedView): void {
  queue.saved = view.id;
  queue.mine = view.filter.mine ?? false;
  const kept = view.filter as Record<string, unknown>;
  for (const name of Object.keys(NO_FILTER) as (keyof typeof NO_FILTER)[]) queue.filter[name] = kept[name] && kept[name] !== "all" ? String(kept[name]) : "";
}

/** The present filter as it is saved. */
export function present(): Record<string, unknown> {
  const set = Object.entries(queue.filter).filter(([, value]) => value);
  return { ...Object.fromEntries(set), ...(queue.mine && { mine: true }) };
}

/** Whether the present filter is the one that the view shown has kept. */
export function isAsSaved(): boolean {
  const view = queue.views.find((each) => each.id === queue.saved);
  if (!view) return false;
  const kept = Object.entries(view.filter).filter(([name, value]) => value && value !== "all" && (name in NO_FILTER || name === "mine"));
  const set = Object.entries(present());
  return kept.length === set.length && kept.every(([name, value]) => set.some(([each, other]) => each === name && String(other) === String(value)));
}

/** Read the next page. */
export async function more(): Promise<void> {
  if (!queue.cursor) return;
  const answer = await ask(() => read(queue.cursor ?? ""));
  queue.trouble = answer.trouble;
  if (!answer.data) return;
  queue.items.push(...answer.data.items);
  queue.cursor = answer.data.next_cursor;
}

/** Ask whether anything changed, while somebody works here: polling must not keep a session open that nobody uses. */
async function poll(): Promise<void> {
  const quiet = !session.who || session.locked || document.hidden || !wasActive(120) || !queue.loaded;
  if (quiet || !tag) return;
  await count();
  const answer = await read(undefined, tag);
  if (answer.trouble) {
    if (!unchanged(answer.trouble)) queue.trouble = answer.trouble;
    return;
  }
  queue.trouble = undefined;
  tag = answer.etag;
  merge(answer.data.items);
}

/** Take over what became of the lines that are shown, and keep new ones until they are asked for. */
function merge(fresh: Item[]): void {
  const known = new Map(fresh.map((item) => [item.number, item]));
  const page = new Set(queue.items.map((item) => item.number));
  queue.items = queue.items.map((item) => known.get(item.number) ?? item);
  const same = fresh.every((item) => page.has(item.number)) && queue.items.slice(0, fresh.length).every((item) => known.has(item.number));
  queue.newer = same ? undefined : fresh;
}

/** How many lines are new. */
export function newCount(): number {
  const page = new Set(queue.items.map((item) => item.number));
  return queue.newer?.filter((item) => !page.has(item.number)).length ?? 0;
}

/** Take a report out of the list: it is being decided. */
export function remove(number: string): void {
  const at = queue.items.findIndex((item) => item.number === number);
  if (at < 0) return;
  queue.items.splice(at, 1);
  if (queue.at > at) queue.at -= 1;
}

/** The report to open after one: the next that nobody else has in hand, and that is not in `decided`. */
export function nextAfter(number: string, decided: string[]): string | undefined {
  const at = queue.items.findIndex((item) => item.number === number);
  const after = [...queue.items.slice(at + 1), ...queue.items.slice(0, Math.max(0, at))];
  return after.find((item) => (!item.claimed_by || item.mine) && !decided.includes(item.number))?.number;
}

/** Poll, as long as the console is open. */
export function keepFresh(): () => void {
  const timer = setInterval(() => void poll(), POLL_SECONDS * 1000);
  return () => clearInterval(timer);
}
