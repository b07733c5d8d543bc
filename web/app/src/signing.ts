/** Signing in, and showing that it is the same person, with a passkey. */

import { call, refusedAs, type Answer, type Trouble } from "$shared/api/client";
import { makePasskey, usePasskey } from "$shared/passkeys";
import { mine, welcome } from "./state/phone.svelte";

/** What became of a try: nothing is said where the person gave up in the browser's own dialog. */
export type Tried = { done: boolean; failed?: boolean; trouble?: Trouble | undefined };

/** The ways to show that it is the same person, where the answer to a call is that this is needed first. */
export function methodsOf(trouble: Trouble): string[] | undefined {
  if (trouble.kind !== "refused" || trouble.problem.code !== "verification-required") return undefined;
  return (trouble.problem.methods as string[] | undefined) ?? [];
}

/** Sign in with a passkey that the person chooses among those of this device. */
export async function signInWithPasskey(): Promise<Tried> {
  const options = await call("post", "/api/v1/passkeys/sign-in/options", {});
  if (options.trouble) return { done: false, trouble: options.trouble };
  const credential = await usePasskey(options.data);
  if (!credential) return { done: false };
  const { data, trouble } = await call("post", "/api/v1/passkeys/sign-in", { body: { credential } });
  if (trouble) return refusedAs(trouble, "passkey-failed") ? { done: false, failed: true } : { done: false, trouble };
  await welcome(data);
  return { done: true };
}

/** Show with a passkey that it is the person who is signed in; for five minutes they may change what matters. */
export async function showPresence(): Promise<Tried> {
  const options = await call("post", "/api/v1/passkeys/sign-in/options", {});
  if (options.trouble) return { done: false, trouble: options.trouble };
  const credential = await usePasskey(options.data);
  if (!credential) return { done: false };
  const { trouble } = await mine("post", "/api/v1/me/verification", { body: { credential } });
  return trouble && refusedAs(trouble, "invalid-passkey") ? { done: false, failed: true } : { done: !trouble, trouble };
}

/** Make a passkey of the person who is shown on this device; nothing where they gave up in the browser's own dialog. */
export async function addPasskey(name: string): Promise<Answer<unknown> | undefined> {
  const options = await mine("post", "/api/v1/me/passkeys/options", {});
  if (options.trouble) return options;
  const credential = await makePasskey(options.data);
  return credential && mine("post", "/api/v1/me/passkeys", { body: { credential, name } });
}
