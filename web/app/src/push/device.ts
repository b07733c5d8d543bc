/**
 * Messages to this phone: the permission, an address of the browser, and its registration with the API. The address is
 * one at Firebase where the service is set up for that and Firebase answers; else the browser's own (Web Push). Each
 * person has a registration of the service worker of their own, under a path that is in no other use, and with it an
 * address of their own: so the worker knows whom a message is for, and one who leaves takes no other along.
 */

import type { Schemas, Trouble } from "$shared/api/client";
import { language } from "$shared/words/words.svelte";
import { callFor, phone } from "../state/phone.svelte";
import { alone, isSignedIn } from "../state/session";
import * as vault from "../state/vault";
import { firstThatWorks, isDue, readDevice, waysOf, within, type Device, type Firebase, type Way } from "./ways";

const NAME = "device";
/** Firebase's servers get so many seconds before the browser's own way is taken, which gets the rest of twenty. */
const SECONDS = { firebase: 8, webpush: 12 };
/** Nobody waits longer for Firebase to forget them. */
const FORGETTING = 3;

export type State = "impossible" | "refused" | "off" | "on";
type Offered = Schemas["WebPushKeyOut"];
type Taken = Pick<Device, "way" | "endpoint" | "firebase"> & Pick<Schemas["DeviceIn"], "kind" | "target">;

const scopeOf = (person: string): string => `/for/${person}/`;
const kept = async (person: string): Promise<Device | undefined> => readDevice(await vault.get<Device | string>(person, NAME));

/** Whether this browser can be sent messages, and is sent those of the person who is shown: again, where that is due. */
export async function state(): Promise<State> {
  if (!("PushManager" in window) || !("Notification" in window) || !("serviceWorker" in navigator)) return "impossible";
  if (Notification.permission === "denied") return "refused";
  const person = phone.person ?? "";
  await refreshDevice(person);
  return (await addressOf(person)) && (await kept(person)) ? "on" : "off";
}

/** Ask for the permission, get an address, and register. A browser that cannot reach its push service counts as offline. */
export async function turnOn(): Promise<{ state: State; trouble?: Trouble | undefined }> {
  const person = phone.person ?? "";
  if ((await Notification.requestPermission()) !== "granted") return { state: "refused" };
  return alone(`push/${person}`, () => registerDevice(person));
}

/** Register again where messages came before: with a new sign-in the service forgot the device of the earlier one. */
export async function renew(): Promise<void> {
  if ((await kept(phone.person ?? "")) && Notification.permission === "granted") await turnOn();
}

/** Register everybody's device again whose address is another now, or which was registered long ago. */
export async function refreshAll(): Promise<void> {
  for (const { id } of phone.people) await refreshDevice(id);
}

async function refreshDevice(person: string): Promise<void> {
  if (Notification.permission === "granted") await alone(`push/${person}`, () => refresh(person));
}

async function refresh(person: string): Promise<void> {
  const device = await kept(person);
  if (!device || !(await isSignedIn(person))) return;
  const endpoint = await addressOf(person);
  if (isDue(device, endpoint, Date.now())) await registerDevice(person, device.way, endpoint === device.endpoint);
}

/** Send nothing more of the person who is shown. The browser's address ends even where nobody can be told. */
export function turnOff(): Promise<void> {
  const person = phone.person ?? "";
  return alone(`push/${person}`, () => end(person));
}

async function end(person: string): Promise<void> {
  const device = await kept(person);
  const forgotten = device?.firebase && within(FORGETTING, forget(person, device.firebase)).catch(() => undefined);
  const registration = await registrationOf(person);
  await (await registration?.pushManager?.getSubscription())?.unsubscribe();
  await registration?.unregister();
  if (device) await callFor(person, "delete", "/api/v1/devices/{device_id}", { path: { device_id: device.id } });
  await vault.remove(person, NAME);
  await forgotten;
}

async function registerDevice(person: string, ...before: [way?: Way, works?: boolean]): Promise<{ state: State; trouble?: Trouble | undefined }> {
  const { data: offered, trouble: why } = await callFor(person, "get", "/api/v1/devices/webpush-key", {});
  if (!offered) return { state: "off", trouble: why };
  const ways = waysOf(offered.firebase, ...before).map((way) => ({ seconds: SECONDS[way], take: () => take(way, person, offered) }));
  const taken = await firstThatWorks(ways);
  if (!taken) return { state: "off", trouble: { kind: "offline" } };
  const { kind, target, ...about } = taken;
  const earlier = await kept(person);
  const id = earlier?.id ?? crypto.randomUUID();
  const body = { platform: "web", kind, target, language: language() } as const;
  const { trouble } = await callFor(person, "put", "/api/v1/devices/{device_id}", { path: { device_id: id }, body });
  if (trouble) return { state: "off", trouble };
  await vault.put(person, NAME, { id, at: Date.now(), ...about } satisfies Device);
  if (earlier?.firebase && !about.firebase) void forget(person, earlier.firebase).catch(() => undefined);
  return { state: "on" };
}

async function take(way: Way, person: string, { public_key, firebase }: Offered): Promise<Taken> {
  const registration = await navigator.serviceWorker.register("/sw.js", { scope: scopeOf(person) });
  await active(registration);
  if (way === "webpush") return takeOwn(registration, public_key);
  if (!firebase) throw new Error("not offered");
  return takeFirebase(person, registration, firebase);
}

async function takeOwn(registration: ServiceWorkerRegistration, key: string): Promise<Taken> {
  const { subscription } = await subscribe(registration, key);
  return { way: "webpush", kind: "webpush", target: JSON.stringify(subscription), endpoint: subscription.endpoint };
}

async function takeFirebase(person: string, registration: ServiceWorkerRegistration, firebase: Firebase): Promise<Taken> {
  const { register } = await import("./firebase");
  const { subscription, isNew } = await subscribe(registration, firebase.vapid_key);
  const target = await register(person, firebase, registration, isNew);
  return { way: "firebase", kind: "fid", target, endpoint: subscription.endpoint, firebase };
}

/** Subscribe with a key. A browser has one subscription for a registration: one with another key ends first. */
async function subscribe(registration: ServiceWorkerRegistration, key: string): Promise<{ subscription: PushSubscription; isNew: boolean }> {
  const before = await registration.pushManager.getSubscription();
  if (before && keyOf(before) === key) return { subscription: before, isNew: false };
  await before?.unsubscribe();
  return { subscription: await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }), isNew: true };
}

/** The key of a subscription, as the service writes it. */
function keyOf({ options }: PushSubscription): string {
  const bytes = new Uint8Array(options?.applicationServerKey ?? new ArrayBuffer(0));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function forget(person: string, firebase: Firebase): Promise<void> {
  const sdk = await import("./firebase");
  await sdk.forget(person, firebase);
}

async function addressOf(person: string): Promise<string | undefined> {
  return (await (await registrationOf(person))?.pushManager.getSubscription())?.endpoint;
}

async function registrationOf(person: string): Promise<ServiceWorkerRegistration | undefined> {
  const all = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  return all.find(({ scope }) => new URL(scope).pathname === scopeOf(person));
}

async function active(registration: ServiceWorkerRegistration): Promise<void> {
  const worker = registration.active ?? registration.waiting ?? registration.installing;
  while (worker && worker.state !== "activated" && worker.state !== "redundant") {
    await new Promise((done) => worker.addEventListener("statechange", done, { once: true }));
  }
}
