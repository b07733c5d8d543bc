/**
 * Who is signed in, by a cookie that this page cannot read. When the session is over the page stays as it is, under a
 * lock: what was typed is there again when the same officer signs in, and the call that failed is made again.
 */

import { call, type Answer, type Schemas } from "$shared/api/client";
import { usePasskey } from "$shared/passkeys";

export type Who = Schemas["ConsoleSessionOut"];
type Credentials = Schemas["SignInIn"];

const WARN_SECONDS = 120;
export const session = $state({
  known: false,
  who: undefined as Who | undefined,
  locked: false,
  /** Seconds until the console locks itself, while they are few. */
  locksIn: undefined as number | undefined,
});

let active = Date.now();
let unlocked: (() => void)[] = [];

/** Whether the officer touched anything in the last so many seconds. */
export const wasActive = (seconds: number): boolean => Date.now() - active < seconds * 1000;

/** Find out who is signed in, and lock the console when nobody works with it. */
export async function begin(): Promise<void> {
  const answer = await call("get", "/api/v1/console/session", {});
  session.who = answer.data;
  session.known = true;
  for (const kind of ["pointerdown", "keydown", "wheel"]) addEventListener(kind, touch, { passive: true, capture: true });
  setInterval(watch, 1000);
  // A machine that slept runs no timers: the time is compared again before anything that is shown can be used.
  for (const kind of ["pageshow", "focus"]) addEventListener(kind, watch);
  document.addEventListener("visibilitychange", watch);
}

function touch(): void {
  watch();
  if (!session.locked) active = Date.now();
}

function watch(): void {
  if (!session.who || session.locked) return;
  const left = session.who.idle_seconds - (Date.now() - active) / 1000;
  session.locksIn = left <= WARN_SECONDS ? Math.max(0, Math.ceil(left)) : undefined;
  if (left <= 0) void lock();
}

/** Lock the console: the session ends at once, and what is on the page stays. */
export async function lock(): Promise<void> {
  session.locked = true;
  session.locksIn = undefined;
  await call("delete", "/api/v1/console/session", {});
}

/** Stay: what the officer answers to the warning. */
export function stay(): void {
  active = Date.now();
  session.locksIn = undefined;
}

/** Sign in, or unlock. */
export async function signIn(body: Credentials): Promise<Answer<Who>> {
  return opened(await call("post", "/api/v1/console/session", { body }));
}

/** The same with a passkey; nothing where the officer gave up. */
export async function signInWithPasskey(): Promise<Answer<Who> | undefined> {
  const options = await call("post", "/api/v1/officers/passkeys/sign-in/options", {});
  if (options.trouble) return options;
  const credential = await usePasskey(options.data);
  return credential && opened(await call("post", "/api/v1/console/session/passkey", { body: { credential } }));
}

/** Go on with a session; what another officer left on the page is forgotten. */
function opened(answer: Answer<Who>): Answer<Who> {
  if (!answer.data) return answer;
  if (session.who && session.who.name !== answer.data.name) location.reload();
  active = Date.now();
  session.who = answer.data;
  session.locked = false;
  const waiting = unlocked;
  unlocked = [];
  for (const go of waiting) go();
  return answer;
}

/** Sign out, and forget everything that is on the page. */
export async function signOut(): Promise<void> {
  await call("delete", "/api/v1/console/session", {});
  location.hash = "";
  location.reload();
}

/** Make a call; where the session is over, lock, wait for the officer, and make it again. */
export async function ask<T>(make: () => Promise<Answer<T>>): Promise<Answer<T>> {
  const answer = await make();
  const over = answer.trouble?.kind === "refused" && answer.trouble.status === 401;
  if (!over) return answer;
  if (!session.who) {
    session.known = true;
    return answer;
  }
  session.locked = true;
  await new Promise<void>((resolve) => unlocked.push(resolve));
  return ask(make);
}
