/** Having a report in hand, so that no colleague decides it meanwhile. */

import { call, type Schemas, type Trouble } from "$shared/api/client";
import { unless } from "./api";
import { ask } from "./session.svelte";

export type Claim = Schemas["ClaimOut"];

/** Take a report in hand, or keep it for longer; what kept it from happening. */
export async function claim(number: string): Promise<Trouble | undefined> {
  return (await ask(() => call("post", "/api/v1/review/reports/{number}/claim", { path: { number } }))).trouble;
}

/** Put a report back; what kept it from happening. */
export async function release(number: string): Promise<Trouble | undefined> {
  return (await ask(() => call("delete", "/api/v1/review/reports/{number}/claim", { path: { number } }))).trouble;
}

/** The state of a report and who has it in hand; with the tag of what is known, nothing where that has not changed. */
export function look(number: string, tag?: string) {
  return call("get", "/api/v1/review/reports/{number}/claim", { path: { number } }, unless(tag));
}
