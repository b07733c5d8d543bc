/** A list as a CSV file, which the browser saves. */

import { troubleOf, type Answer, type Schemas, type Trouble } from "$shared/api/client";
import { ask } from "./session.svelte";

export type List = Schemas["ListExportIn"]["list"];
const SECONDS = 60;

/** Have a list with its filter as a file, for a purpose that is recorded; what kept it from happening. */
export async function exportList(list: List, filter: Record<string, string>, purpose: string): Promise<Trouble | undefined> {
  const answer = await ask(() => fetchFile({ list, filter, purpose }));
  if (!answer.data) return answer.trouble;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(answer.data);
  link.download = `${list}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return undefined;
}

async function fetchFile(body: object): Promise<Answer<Blob>> {
  const headers = { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang };
  const init = { method: "POST", headers, body: JSON.stringify(body), signal: AbortSignal.timeout(SECONDS * 1000) };
  try {
    const response = await fetch("/api/v1/review/exports", init);
    if (response.ok) return { data: await response.blob() };
    return { trouble: troubleOf(response, await response.json().catch(() => undefined)) };
  } catch {
    return { trouble: { kind: "offline" } };
  }
}
