/// <reference lib="webworker" />
// Keeps the built files of one version, so that the app opens offline. Calls of the API pass by: what is known of a
// person is kept by the page, encrypted. A new version waits until the page asks for it, so that no open draft is lost.

export {};
const worker = self as unknown as ServiceWorkerGlobalScope;
const FILES = "__FILES__" as unknown as string[];
const CACHE = "app-__VERSION__";

worker.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES.map((name) => new Request(name, { cache: "no-cache" })))));
});

worker.addEventListener("activate", (event) => {
  const old = (name: string): boolean => name.startsWith("app-") && name !== CACHE;
  const clean = caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))));
  event.waitUntil(clean.then(() => worker.clients.claim()));
});

worker.addEventListener("message", (event) => {
  if (event.data === "take-over") void worker.skipWaiting();
});

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
