/// <reference lib="webworker" />
// Keeps the built files of one version, so that the app opens offline. Calls of the API pass by: what is known of a
// person is kept by the page, encrypted. A new version waits until the page asks for it, so that no open draft is lost.

import { readMessage, type Message } from "./push/message";

const worker = self as unknown as ServiceWorkerGlobalScope;
const FILES = "__FILES__" as unknown as string[];
const CACHE = "app-__VERSION__";
/** Whose messages this registration receives; the one of the app itself, which has the files, has none. */
const PERSON = /\/for\/([^/]+)\/$/.exec(worker.registration.scope)?.[1];

worker.addEventListener("install", (event) => {
  if (PERSON) return void worker.skipWaiting();
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES.map((name) => new Request(name, { cache: "no-cache" })))));
});

worker.addEventListener("activate", (event) => {
  if (PERSON) return;
  const old = (name: string): boolean => name.startsWith("app-") && name !== CACHE;
  const clean = caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))));
  event.waitUntil(clean.then(() => worker.clients.claim()));
});

worker.addEventListener("message", (event) => {
  if (event.data === "take-over") void worker.skipWaiting();
});

// A message says dates and codes only, so that it may be shown on a locked screen; one of the same id replaces the other.
worker.addEventListener("push", (event) => {
  const message = readMessage(jsonOf(event.data));
  if (message) event.waitUntil(show(message));
});

function jsonOf(data: PushMessageData | null): unknown {
  try {
    return data?.json();
  } catch {
    return undefined; // of nobody that this app knows
  }
}

async function show({ title, body, tag, language, acknowledgement, initial }: Message): Promise<void> {
  const name = await nameOfPerson(initial);
  const options = { body, tag, lang: language, icon: "/icon-192.png", data: acknowledgement };
  await worker.registration.showNotification(name ? `${name}: ${title}` : title, options);
  await acknowledge(acknowledgement, false);
  await navigator.setAppBadge?.().catch(() => undefined);
}

/** Say that a message arrived, or was opened; where that does not get through, the next channel follows in its time. */
async function acknowledge(acknowledgement: unknown, opened: boolean): Promise<void> {
  if (typeof acknowledgement !== "string") return;
  const body = JSON.stringify({ acknowledgement, opened });
  const sent = { method: "POST", headers: { "Content-Type": "application/json" }, body };
  await fetch("/api/v1/notifications/acknowledgements", sent).catch(() => undefined);
}

/**
 * The given names of whom a message is for, where several people are on this phone (`state/people.ts` keeps them). The
 * message itself has their initial only, which stands for the names where these cannot be read.
 */
async function nameOfPerson(initial?: string): Promise<string | undefined> {
  if (!PERSON) return undefined;
  try {
    const opened = indexedDB.open("reporting", 1);
    await done(opened);
    const of = (store: string, name: string): Promise<unknown> => done(opened.result.transaction(store).objectStore(store).get(name));
    const [key, sealed] = [(await of("keys", "own")) as CryptoKey, (await of("kept", "people")) as { iv: BufferSource; text: BufferSource }];
    opened.result.close();
    const text = new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.iv }, key, sealed.text));
    const { items } = JSON.parse(text) as { items: { id: string; given: string }[] };
    return items.length > 1 ? items.find((each) => each.id === PERSON)?.given || initial : undefined;
  } catch {
    return initial;
  }
}

function done<T>(asked: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(Promise.all([open(PERSON ? `#/messages/${PERSON}` : "#/messages"), acknowledge(event.notification.data, true)]));
});

/** Bring the app to the front, at a screen. */
async function open(screen: string): Promise<void> {
  const pages = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = pages.find(({ url }) => new URL(url).pathname === "/");
  if (!page) return void (await worker.clients.openWindow(`/${screen}`));
  page.postMessage({ screen });
  await page.focus();
}

worker.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin || !FILES.includes(pathname)) return;
  event.respondWith(
    caches
      .open(CACHE)
      .then((cache) => cache.match(pathname))
      .then((kept) => kept ?? fetch(event.request)),
  );
});
