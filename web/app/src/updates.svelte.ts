/** The service worker, and a new version that waits. */

export const updates = $state({ waiting: undefined as ServiceWorker | undefined });

let asked = false;

/** Register the worker; a new version is offered, not forced. */
export async function watchForUpdates(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (asked) location.reload();
  });
  navigator.serviceWorker.addEventListener("message", (event: MessageEvent<{ screen?: string }>) => {
    if (event.data.screen) location.hash = event.data.screen;
  });
  const registration = await navigator.serviceWorker.register("/sw.js").catch(() => undefined);
  if (!registration) return;
  const offer = (worker: ServiceWorker | null): void => {
    if (worker && navigator.serviceWorker.controller) updates.waiting = worker;
  };
  offer(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const worker = registration.installing;
    worker?.addEventListener("statechange", () => worker.state === "installed" && offer(worker));
  });
}

/** Take the new version: the worker takes over, and the page loads again. What was typed is kept by then. */
export function takeUpdate(): void {
  asked = true;
  updates.waiting?.postMessage("take-over");
}
