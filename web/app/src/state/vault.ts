/**
 * What this phone keeps: records in IndexedDB, each of an owner, encrypted with the owner's key, which cannot be read
 * out. The owners are the people on this phone, and the phone itself (`PHONE`), which keeps who they are. Signing a
 * person out destroys their key, so that what a browser may still have on its disk is of no use. Where storage is
 * forbidden or full, the records last as long as the page.
 */

export const PHONE = "own";
const inMemory = new Map<string, unknown>();
let keeping: Keeping = "yes";
let opened: Promise<IDBDatabase> | undefined;
const keys = new Map<string, Promise<CryptoKey>>();
const gone = new Set<string>();

type Sealed = { iv: Uint8Array<ArrayBuffer>; text: ArrayBuffer };

/** Whether records survive the page, and why not. */
export type Keeping = "yes" | "full" | "no";
export function keeps(): Keeping {
  return keeping;
}

const nameOf = (owner: string, name: string): string => (owner === PHONE ? name : `${owner}/${name}`);

/** A record of an owner, or undefined. */
export async function get<T>(owner: string, name: string): Promise<T | undefined> {
  const full = nameOf(owner, name);
  if (inMemory.has(full)) return inMemory.get(full) as T;
  try {
    const sealed = await request<Sealed | undefined>("kept", "readonly", (store) => store.get(full));
    if (!sealed) return undefined;
    const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.iv }, await key(owner), sealed.text);
    return JSON.parse(new TextDecoder().decode(text)) as T;
  } catch {
    return undefined;
  }
}

/** Keep a record; what is kept later is stored later. Nothing is kept of an owner who was destroyed. */
export function put(owner: string, name: string, value: unknown): Promise<void> {
  return inTurn(() => store(owner, name, value));
}

let turn = Promise.resolve();

function inTurn(act: () => Promise<void>): Promise<void> {
  turn = turn.then(act);
  return turn;
}

async function store(owner: string, name: string, value: unknown): Promise<void> {
  if (gone.has(owner)) return;
  const full = nameOf(owner, name);
  try {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const plain = new TextEncoder().encode(JSON.stringify(value));
    const text = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await key(owner), plain);
    await request("kept", "readwrite", (store) => store.put({ iv, text }, full));
    inMemory.delete(full);
    if (!inMemory.size) keeping = "yes"; // there is space again
  } catch (error) {
    keeping = (error as DOMException).name === "QuotaExceededError" ? "full" : "no";
    inMemory.set(full, value);
  }
}

/** Remove a record. */
export function remove(owner: string, name: string): Promise<void> {
  return inTurn(async () => {
    inMemory.delete(nameOf(owner, name));
    await request("kept", "readwrite", (store) => store.delete(nameOf(owner, name))).catch(() => undefined);
  });
}

/** Look for the keys again: another tab may have destroyed one. */
export function lookAgain(): void {
  keys.clear();
}

/** Remove every record of a person, and the key. */
export function destroy(owner: string): Promise<void> {
  gone.add(owner);
  return inTurn(async () => {
    for (const name of inMemory.keys()) if (name.startsWith(`${owner}/`)) inMemory.delete(name);
    keys.delete(owner);
    await request("keys", "readwrite", (store) => store.delete(owner)).catch(() => undefined);
    const theirs = IDBKeyRange.bound(`${owner}/`, `${owner}0`); // "0" follows "/"
    await request("kept", "readwrite", (store) => store.delete(theirs)).catch(() => undefined);
  });
}

/** Remove every record and every key: nobody is left. */
export function destroyAll(): Promise<void> {
  return inTurn(async () => {
    inMemory.clear();
    keys.clear();
    await request("keys", "readwrite", (store) => store.clear()).catch(() => undefined);
    await request("kept", "readwrite", (store) => store.clear()).catch(() => undefined);
  });
}

function key(owner: string): Promise<CryptoKey> {
  const found = keys.get(owner) ?? findOrMakeKey(owner);
  keys.set(owner, found);
  found.catch(() => keys.delete(owner));
  return found;
}

async function findOrMakeKey(owner: string): Promise<CryptoKey> {
  const found = await request<CryptoKey | undefined>("keys", "readonly", (store) => store.get(owner));
  if (found) return found;
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  // Of two tabs that make one at the same moment, both use the one that was stored first.
  await request("keys", "readwrite", (store) => store.add(made, owner)).catch(() => undefined);
  return (await request<CryptoKey | undefined>("keys", "readonly", (store) => store.get(owner))) ?? made;
}

async function request<T>(store: string, mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest): Promise<T> {
  opened ??= open();
  const database = await opened;
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(store, mode);
    const asked = act(transaction.objectStore(store));
    transaction.oncomplete = () => resolve(asked.result as T);
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? asked.error);
  });
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open("reporting", 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("keys");
      asked.result.createObjectStore("kept");
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = asked.onblocked = () => reject(asked.error);
  });
}
