/** The ways by which messages come to a browser, and which of them is taken: rules without a browser. */

import type { Schemas } from "$shared/api/client";

export type Way = "firebase" | "webpush";
export type Firebase = Schemas["FirebaseWebOut"];

/** What is kept of a device that is registered: its id, by which way, the browser's address then, and when that was. */
export type Device = { id: string; way: Way; endpoint: string; at: number; firebase?: Firebase };

const DAY = 24 * 3600 * 1000;
/** So often Firebase wants to hear of a browser, and the service too: it trusts one it has not seen for 30 days less. */
const AGAIN = 7 * DAY;

/** A device as it is kept, or as an earlier version of this app kept it: its id only. */
export function readDevice(kept: Device | string | undefined): Device | undefined {
  return typeof kept === "string" ? { id: kept, way: "webpush", endpoint: "", at: 0 } : kept;
}

/** Whether a device is to be registered again: the browser gave it another address, or it was long ago. */
export function isDue(device: Device, endpoint: string | undefined, now: number): boolean {
  return device.endpoint !== endpoint || Math.abs(now - device.at) >= AGAIN;
}

/**
 * The ways to try, in their order: Firebase where the service offers it, then the browser's own. `before` is the way of
 * a device that is only registered again, and `works` whether the browser's address is as it was: it is not given up
 * because Firebase is away for an hour.
 */
export function waysOf(firebase: Firebase | null, before?: Way, works = false): Way[] {
  if (before === "webpush" || !firebase) return ["webpush"];
  return before && works ? ["firebase"] : ["firebase", "webpush"];
}

/** The first way that works, each given its time; undefined where none does. */
export async function firstThatWorks<T>(ways: { seconds: number; take: () => Promise<T> }[]): Promise<T | undefined> {
  for (const { seconds, take } of ways) {
    try {
      return await within(seconds, take());
    } catch {
      // The next one is tried, and the person need not know.
    }
  }
  return undefined;
}

/** What is promised, or an error where it takes too long. */
export async function within<T>(seconds: number, promised: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLong = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error("too long")), seconds * 1000)));
  try {
    return await Promise.race([promised, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}
