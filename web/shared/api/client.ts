/** The API as its document describes it, and what became of a call, in the kinds that a screen tells apart. */

import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
export type Stay = Schemas["StayOut"];
export type Obligation = Schemas["ObligationOut"];
export type Report = Schemas["ReportOut"];
export type Receipt = Schemas["ReceiptOut"];
export type Visit = Schemas["VisitOut"];
export type Message = Schemas["NotificationOut"];
export type Profile = Schemas["ProfileOut"];
export type Address = Schemas["AddressIn"];
export type Form = Schemas["ReportIn"];
export type Place = Schemas["SuggestionOut"];
export type TokenPair = Schemas["TokenPairOut"];
export type Problem = Schemas["Problem"] & Record<string, unknown>;
export type Reason = Report["reasons"][number];
export type StepCode = Obligation["explanation"][number]["code"];

/** Why a call has no data: no connection, a server that cannot answer, too many tries, or a refusal with its problem. */
export type Trouble =
  | { kind: "offline" }
  | { kind: "down" }
  | { kind: "many" }
  | { kind: "refused"; status: number; problem: Problem };

export type Answer<T> = { data: T; trouble?: never } | { data?: never; trouble: Trouble };

const SECONDS = 20;

export const api = createClient<paths>({
  baseUrl: location.origin,
  fetch: (request) => fetch(request, { signal: AbortSignal.timeout(SECONDS * 1000) }),
});

type Raw<T> = { data?: T; error?: unknown; response: Response };

/** Wait for a call; it never throws. */
export async function ask<T>(call: Promise<Raw<T>>): Promise<Answer<T>> {
  let raw: Raw<T>;
  try {
    raw = await call;
  } catch {
    return { trouble: { kind: "offline" } };
  }
  const { status } = raw.response;
  if (raw.response.ok) return { data: raw.data as T };
  if (status >= 500) return { trouble: { kind: "down" } };
  if (status === 429) return { trouble: { kind: "many" } };
  return { trouble: { kind: "refused", status, problem: problemOf(raw.error, status) } };
}

function problemOf(error: unknown, status: number): Problem {
  const known = typeof error === "object" && error !== null && "code" in error;
  return known ? (error as Problem) : { type: "about:blank", code: "unknown", title: "", status };
}

/** Whether a trouble is a refusal with this code. */
export function refusedAs(trouble: Trouble, code: string): boolean {
  return trouble.kind === "refused" && trouble.problem.code === code;
}
