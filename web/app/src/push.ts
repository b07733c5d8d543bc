/**
 * Messages to this phone by Web Push: the permission, the browser's subscription, and its registration with the API.
 * Each person has a registration of the service worker of their own, under an address that is in no other use, and with
 * it a subscription of their own: so the worker knows whom a message is for, and one who leaves takes no other along.
 */

import type { Trouble } from "$shared/api/client";
import { language } from "$shared/words/words.svelte";
import { callFor, phone } from "./state/phone.svelte";
import * as vault from "./state/vault";

const NAME = "device";
const SECONDS = 20;

export type State = "impossible" | "refused" | "off" | "on";

const scopeOf = (person: string): string => `/for/${person}/`;

/** Whether this browser can be sent messages, and whether it is sent those of the person who is shown. */
export async function state(): Promise<State> {
  if (!("PushManager" in window) || !("Notification" in window) || !("serviceWorker" in navigator)) return "impossible";
  if (Notification.permission === "denied") return "refused";
  const person = phone.person ?? "";
  const subscription = await (await registrationOf(person))?.pushManager.getSubscription();
  return subscription && (await vault.get<string>(person, NAME)) ? "on" : "off";
}

/** Ask for the permission, subscribe, and register. A browser that cannot reach its push service counts as offline. */
export async function turnOn(): Promise<{ state: State; trouble?: Trouble | undefined }> {
  const person = phone.person ?? "";
  if ((await Notification.requestPermission()) !== "granted") return { state: "refused" };
  const key = await callFor(person, "get", "/api/v1/devices/webpush-key", {});
  if (!key.data) return { state: "off", trouble: key.trouble };
  const subscription = await subscribe(person, key.data.public_key).catch(() => undefined);
  if (!subscription) return { state: "off", trouble: { kind: "offline" } };
  const id = (await vault.get<string>(person, NAME)) ?? crypto.randomUUID();
  const body = { platform: "web", kind: "webpush", target: JSON.stringify(subscription), language: language() } as const;
  const { trouble } = await callFor(person, "put", "/api/v1/devices/{device_id}", { path: { device_id: id }, body });
  if (trouble) return { state: "off", trouble };
  await vault.put(person, NAME, id);
  return { state: "on" };
}

/** Register again where messages came before: with a new sign-in the service forgot the device of the earlier one. */
export async function renew(): Promise<void> {
  if ((await vault.get<string>(phone.person ?? "", NAME)) && Notification.permission === "granted") await turnOn();
}

/** Send nothing more of the person who is shown. The browser's subscription ends even where the API cannot be reached. */
export async function turnOff(): Promise<void> {
  const person = phone.person ?? "";
  const id = await vault.get<string>(person, NAME);
  const registration = await registrationOf(person);
  await (await registration?.pushManager?.getSubscription())?.unsubscribe();
  await registration?.unregister();
  if (id) await callFor(person, "delete", "/api/v1/devices/{device_id}", { path: { device_id: id } });
  await vault.remove(person, NAME);
}

async function registrationOf(person: string): Promise<ServiceWorkerRegistration | undefined> {
  const all = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  return all.find(({ scope }) => new URL(scope).pathname === scopeOf(person));
}

async function subscribe(person: string, key: string): Promise<PushSubscription> {
  const registration = await navigator.serviceWorker.register("/sw.js", { scope: scopeOf(person) });
  const tooLong = new Promise<never>((_, reject) => setTimeout(reject, SECONDS * 1000));
  await Promise.race([active(registration), tooLong]);
  return Promise.race([registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }), tooLong]);
}

async function active(registration: ServiceWorkerRegistration): Promise<void> {
  const worker = registration.active ?? registration.waiting ?? registration.installing;
  while (worker && worker.state !== "activated" && worker.state !== "redundant") {
    await new Promise((done) => worker.addEventListener("statechange", done, { once: true }));
  }
}
