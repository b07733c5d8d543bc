/** The API as its document describes it, and what became of a call, in the kinds that a screen tells apart. */

import { now, setClock } from "../clock.ts";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Stay = Schemas["StayOut"];
export type Obligation = Schemas["ObligationOut"];
export type Report = Schemas["ReportOut"];
export type Receipt = Schemas["ReceiptOut"];
export type Visit = Schemas["VisitOut"];
export type Message = Schemas["NotificationOut"];
export type Profile = Schemas["ProfileOut"];
export type Address = Schemas["AddressIn"];
export type Simulation = Schemas["SimulationOut"];
export type Wanted = Schemas["WantedOut"];
export type Access = Schemas["AccessOut"];
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
  | { kind: "many"; until: string }
  | { kind: "refused"; status: number; problem: Problem };

export type Answer<T> = { data: T; etag?: string | undefined; trouble?: never } | { data?: never; trouble: Trouble };

const SECONDS = 20;

export type Method = "get" | "post" | "put" | "patch" | "delete";
export type Operation<P extends keyof paths, M extends Method> = NonNullable<paths[P][M]>;
export type PathsWith<M extends Method> = { [P in keyof paths]: paths[P][M] extends undefined ? never : P }[keyof paths];
type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : undefined;
type Given<O, Name extends string> = O extends { parameters: Record<Name, infer Values> } ? Values : undefined;
type Sent<O> = O extends { requestBody: infer Body } ? Json<Body> : undefined;
export type Result<O> = O extends { responses: infer R } ? { [S in keyof R]: S extends 200 | 201 | 202 ? Json<R[S]> : never }[keyof R] : never;
/** What goes with a call; the members that the operation needs may not be left out. */
export type Arguments<O> = Needed<"path", Given<O, "path">> & Needed<"query", Given<O, "query">> & Needed<"header", Given<O, "header">> & Needed<"body", Sent<O>>;
type Needed<Name extends string, T> = [T] extends [undefined] ? unknown : undefined extends T ? { [K in Name]?: T } : { [K in Name]: T };

/** Call an operation of the API document, by its method and path; it never throws. `more` are options of `fetch`. */
export async function call<M extends Method, P extends PathsWith<M>>(
  method: M,
  path: P,
  sent: Arguments<Operation<P, M>>,
  more: RequestInit = {},
): Promise<Answer<Result<Operation<P, M>>>> {
  const { path: inPath = {}, query = {}, header = {}, body } = sent as Record<string, Record<string, string> | undefined>;
  const address = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(inPath[name] ?? ""));
  const search = new URLSearchParams(query).toString();
  const headers: Record<string, string> = {
    "Accept-Language": document.documentElement.lang,
    ...header,
    ...(more.headers as Record<string, string>),
  };
  if (body) headers["Content-Type"] = "application/json";
  // A phone that says it has no network is right: the answer is known without waiting for the call to fail.
  if (!navigator.onLine) return { trouble: { kind: "offline" } };
  let response: Response;
  let content: unknown;
  try {
    const signal = AbortSignal.timeout(SECONDS * 1000);
    const init = { ...more, method: method.toUpperCase(), headers, signal, ...(body && { body: JSON.stringify(body) }) };
    response = await fetch(search ? `${address}?${search}` : address, init);
    content = response.status === 204 ? undefined : await response.json().catch(() => undefined);
  } catch {
    return { trouble: { kind: "offline" } };
  }
  setClock(response.headers.get("Date"));
  if (response.ok) return { data: content as Result<Operation<P, M>>, etag: response.headers.get("ETag") ?? undefined };
  return { trouble: troubleOf(response, content) };
}

/** What an answer that is no success says, of which `content` is the body. */
export function troubleOf(response: Response, content: unknown): Trouble {
  if (response.status >= 500) return { kind: "down" };
  if (response.status === 429) return { kind: "many", until: againAfter(response.headers.get("Retry-After")) };
  return { kind: "refused", status: response.status, problem: problemOf(content, response.status) };
}

/** From when on a call may be tried again, which the answer says in seconds. */
function againAfter(seconds: string | null): string {
  return new Date(now().getTime() + (Number(seconds) || 3600) * 1000).toISOString();
}

function problemOf(error: unknown, status: number): Problem {
  const known = typeof error === "object" && error !== null && "code" in error;
  return known ? (error as Problem) : { type: "about:blank", code: "unknown", title: "", status };
}

/** Whether a call was answered with "not changed": it was made with the tag of what is there already. */
export function unchanged(trouble: Trouble): boolean {
  return trouble.kind === "refused" && trouble.status === 304;
}

/** Whether a trouble is a refusal with this code. */
export function refusedAs(trouble: Trouble, code: string): boolean {
  return trouble.kind === "refused" && trouble.problem.code === code;
}
