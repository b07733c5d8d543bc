/**
 * Firebase's SDK, loaded only where the service offers it and the person wants messages. Each person has an app of the
 * SDK under their own name, and with it an installation and an address of their own: so one who leaves takes no other
 * along, as with the browser's own way.
 */

import { deleteApp, getApps, initializeApp, type FirebaseApp } from "@firebase/app";
import { deleteInstallations, getInstallations } from "@firebase/installations";
import { getMessaging, isSupported, onRegistered, register as registerAt } from "@firebase/messaging";
import type { Firebase } from "./ways";

/** Register at Firebase; the id of the installation, to which the service sends. `anew` where the address is another. */
export async function register(person: string, settings: Firebase, registration: ServiceWorkerRegistration, anew: boolean): Promise<string> {
  if (!(await isSupported())) throw new Error("this browser lacks what the SDK needs");
  const app = appOf(person, settings);
  const [messaging, installations] = [getMessaging(app), getInstallations(app)];
  // The SDK tells its server of another address only under another id, and keeps the old one for a week.
  if (anew) await deleteInstallations(installations);
  const installed = new Promise<string>((done) => onRegistered(messaging, done));
  try {
    await registerAt(messaging, { vapidKey: settings.vapid_key, serviceWorkerRegistration: registration });
  } catch (error) {
    if (anew) void deleteInstallations(installations).catch(() => undefined); // so that nothing is left there
    throw error;
  }
  return installed;
}

/** Have Firebase forget a person's installation, and with it the address of their messages. */
export async function forget(person: string, settings: Firebase): Promise<void> {
  const app = appOf(person, settings);
  await deleteInstallations(getInstallations(app));
  await deleteApp(app);
}

function appOf(person: string, { project_id, api_key, app_id, sender_id }: Firebase): FirebaseApp {
  const options = { projectId: project_id, apiKey: api_key, appId: app_id, messagingSenderId: sender_id };
  const name = `${person}/${app_id}`;
  return getApps().find((app) => app.name === name) ?? initializeApp(options, { name, automaticDataCollectionEnabled: false });
}
