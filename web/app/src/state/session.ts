/**
 * The sign-in of this phone. A refresh token is used once: the new pair is kept before anything else happens, a lock
 * keeps two tabs from using the same token, and after a lost answer the same token is sent again.
 */

import { call, useToken, type Answer, type TokenPair, type Trouble } from "$shared/api/client";
import * as vault from "./vault";

type Session = { access: string; refresh: string; resident: string; staleAt: number };

const NAME = "session";
const EARLY = 30; // seconds before its end an access token is replaced
let held: Session | undefined;

function hold(session: Session | undefined): void {
  held = session;
  useToken(session?.access);
}

type Activation = { mrz: string } | { document_number: string; issuing_state: string; birth_date: string };

/** The resident who is signed in on this phone, if there is one. */
export async function resident(): Promise<string | undefined> {
  hold(await vault.get<Session>(NAME));
  return held?.resident;
}

/** Use an activation code; the resident's id. */
export async function activate(who: Activation, code: string): Promise<Answer<string>> {
  const body = { ...who, activation_code: code };
  const { data, trouble } = await call("post", "/api/v1/activations", { body });
  if (trouble) return { trouble };
  await keep(data);
  return { data: data.resident_id };
}

/** Make a call as the resident, with a fresh token; `ended` is called where the sign-in is no longer valid. */
export async function signedIn<T>(make: () => Promise<Answer<T>>, ended: () => void): Promise<Answer<T>> {
  let trouble = await refresh(false);
  if (!trouble) {
    const answer = await make();
    if (!isUnauthenticated(answer.trouble)) return answer;
    // This phone's clock may be wrong, or the token was ended early: a new one settles it.
    trouble = await refresh(true);
    if (!trouble) {
      const again = await make();
      if (!isUnauthenticated(again.trouble)) return again;
      trouble = again.trouble;
    }
  }
  if (isUnauthenticated(trouble)) {
    await forget();
    ended();
  }
  return { trouble: trouble as Trouble };
}

/** Forget the sign-in; what else is kept stays. */
export async function forget(): Promise<void> {
  hold(undefined);
  await vault.remove(NAME);
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
async function refresh(force: boolean): Promise<Trouble | undefined> {
  const before = held?.access;
  if (held && !force && Date.now() < held.staleAt) return undefined;
  return alone("tokens", async () => {
    hold(await vault.get<Session>(NAME));
    if (!held) return SIGNED_OUT;
    if (held.access !== before && Date.now() < held.staleAt) return undefined; // another tab was faster
    const { data, trouble } = await call("post", "/api/v1/tokens", { body: { refresh_token: held.refresh } });
    if (trouble) return trouble;
    await keep(data);
    return undefined;
  });
}

async function keep(pair: TokenPair): Promise<void> {
  const staleAt = Date.now() + (pair.expires_in - EARLY) * 1000;
  hold({ access: pair.access_token, refresh: pair.refresh_token, resident: pair.resident_id, staleAt });
  await vault.put(NAME, held);
}

/** Do something while no other tab does it. */
export async function alone<T>(what: string, act: () => Promise<T>): Promise<T> {
  if (!navigator.locks) return act();
  return (await navigator.locks.request(what, act)) as T;
}
