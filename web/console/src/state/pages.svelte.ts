/** A list that is read page by page. */

import type { Answer } from "$shared/api/client";
import { troubleText } from "../format";
import { ask } from "./session.svelte";

type Page<Item> = { items: Item[]; next_cursor: string | null };
const LIMIT = "30";

export class Pages<Item> {
  items = $state<Item[]>([]);
  /** Where the next page begins; null after the last one. */
  cursor = $state<string | null>(null);
  /** Whether an answer has come, good or bad. */
  loaded = $state(false);
  /** What was wrong with the last call, of the list or of an act on it; empty where nothing was. */
  trouble = $state("");
  readonly #read: (query: never) => Promise<Answer<Page<Item>>>;

  /** `read` calls for a page; its query is the limit and the cursor, which a caller may add to. */
  constructor(read: (query: never) => Promise<Answer<Page<Item>>>) {
    this.#read = read;
  }

  /** Read the first page, or the one that begins at `after` in addition to those that are here. */
  async load(after?: string | null): Promise<void> {
    const answer = await ask(() => this.#read({ limit: LIMIT, ...(after && { cursor: after }) } as never));
    this.note(answer);
    this.loaded = true;
    if (!answer.data) return;
    this.items = after ? [...this.items, ...answer.data.items] : answer.data.items;
    this.cursor = answer.data.next_cursor;
  }

  /** Keep what was wrong with an answer, in words. */
  note(answer: Answer<unknown>): void {
    this.trouble = answer.trouble ? troubleText(answer.trouble) : "";
  }
}
