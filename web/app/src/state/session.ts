/**
 * The sign-ins of this phone, one of each person. A refresh token is used once: the new pair is kept before anything
 * else happens, a lock keeps two tabs from using the same token, and after a lost answer the same token is sent again.
 * A call names the person whose it is, so that it is made with their token whoever is shown when it goes out.
 */

import { call, type Answer, type Arguments, type Method, type Operation, type PathsWith, type Result, type TokenPair, type Trouble } from "$shared/api/client";
import * as vault from "./vault";

type Session = { access: string; refresh: string; resident: string; staleAt: number };

const NAME = "session";
const EARLY = 30; // seconds before its end an access token is replaced
const held = new Map<string, Session>();

/** Whom a code activates: by the machine readable zone, or by typed details. */
export type Activation = { mrz: string } | { document_number: string; issuing_state: string; birth_date: string };

/** Whether a person is signed in on this phone. */
export async function isSignedIn(person: string): Promise<boolean> {
  return (await read(person)) !== undefined;
}

async function read(person: string): Promise<Session | undefined> {
  const session = await vault.get<Session>(person, NAME);
  if (session) held.set(person, session);
  else held.delete(person);
  return session;
}

/** Use an activation code. The pair is not kept before it is known whose it is. */
export function activate(who: Activation, code: string): Promise<Answer<TokenPair>> {
  return call("post", "/api/v1/activations", { body: { ...who, activation_code: code } });
}

/** Make a call as a person, with a fresh token; `ended` is called where their sign-in is no longer valid. */
export async function callAs<M extends Method, P extends PathsWith<M>>(
  person: string,
  ended: () => void,
  method: M,
  path: P,
  sent: Arguments<Operation<P, M>>,
): Promise<Answer<Result<Operation<P, M>>>> {
  let trouble = await refresh(person, false);
  // This phone's clock may be wrong, or the token was ended early: a new one settles it.
  for (let tries = 0; !trouble && tries < 2; tries += 1) {
    const headers = { Authorization: `Bearer ${held.get(person)?.access ?? ""}` };
    const answer = await call(method, path, sent, { headers });
    if (!isUnauthenticated(answer.trouble)) return answer;
    trouble = tries ? answer.trouble : await refresh(person, true);
  }
  if (isUnauthenticated(trouble)) {
    await forget(person);
    ended();
  }
  return { trouble: trouble as Trouble };
}

/** Forget a sign-in; what else is kept of the person stays. */
export async function forget(person: string): Promise<void> {
  held.delete(person);
  await vault.remove(person, NAME);
}

/** End a sign-in here and, where the service can be reached, there. */
export async function end(person: string): Promise<void> {
  await callAs(person, () => undefined, "post", "/api/v1/tokens/revocation", {});
  await forget(person);
}

function isUnauthenticated(trouble: Trouble | undefined): boolean {
  return trouble?.kind === "refused" && trouble.status === 401;
}

const SIGNED_OUT: Trouble = {
  kind: "refused",
  status: 401,
  problem: { type: "about:blank", code: "unauthenticated", title: "", status: 401 },
};

/** Get a new pair where the access token is about to end, or in any case with `force`. */
async function refresh(person: string, force: boolean): Promise<Trouble | undefined> {
  const before = held.get(person);
  if (before && !force && Date.now() < before.staleAt) return undefined;
  return alone(`tokens/${person}`, async () => {
    const session = await read(person);
    if (!session) return SIGNED_OUT;
    if (session.access !== before?.access && Date.now() < session.staleAt) return undefined; // another tab was faster
    const { data, trouble } = await call("post", "/api/v1/tokens", { body: { refresh_token: session.refresh } });
    if (trouble) return trouble;
    await keep(person, data);
    return undefined;
  });
}

/** Keep the tokens of a person. */
export async function keep(person: string, pair: TokenPair): Promise<void> {
  const staleAt = Date.now() + (pair.expires_in - EARLY) * 1000;
  const session = { access: pair.access_token, refresh: pair.refresh_token, resident: pair.resident_id, staleAt };
  held.set(person, session);
  await vault.put(person, NAME, session);
}

/** Do something while no other tab does it. */
export async function alone<T>(what: string, act: () => Promise<T>): Promise<T> {
  if (!navigator.locks) return act();
  return (await navigator.locks.request(what, act)) as T;
}
