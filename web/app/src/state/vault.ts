/**
 * What this phone keeps: records in IndexedDB, encrypted with a key that cannot be read out. Signing out destroys the
 * key, so that what a browser may still have on its disk is of no use. Where storage is forbidden or full, the records
 * last as long as the page.
 */

const KEY = "own";
const inMemory = new Map<string, unknown>();
let keeping = true;
let opened: Promise<IDBDatabase> | undefined;
let ownKey: Promise<CryptoKey> | undefined;

type Sealed = { iv: Uint8Array<ArrayBuffer>; text: ArrayBuffer };

/** Whether records survive the page. */
export function keeps(): boolean {
  return keeping;
}

/** A record, or undefined. */
export async function get<T>(name: string): Promise<T | undefined> {
  if (inMemory.has(name)) return inMemory.get(name) as T;
  try {
    const sealed = await request<Sealed | undefined>("kept", "readonly", (store) => store.get(name));
    if (!sealed) return undefined;
    const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.iv }, await key(), sealed.text);
    return JSON.parse(new TextDecoder().decode(text)) as T;
  } catch {
    return undefined;
  }
}

/** Keep a record; what is kept later is stored later. */
export function put(name: string, value: unknown): Promise<void> {
  return inTurn(() => store(name, value));
}

let turn = Promise.resolve();

function inTurn(act: () => Promise<void>): Promise<void> {
  turn = turn.then(act);
  return turn;
}

async function store(name: string, value: unknown): Promise<void> {
  try {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const plain = new TextEncoder().encode(JSON.stringify(value));
    const text = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await key(), plain);
    await request("kept", "readwrite", (store) => store.put({ iv, text }, name));
    inMemory.delete(name);
  } catch {
    keeping = false;
    inMemory.set(name, value);
  }
}

/** Remove a record. */
export function remove(name: string): Promise<void> {
  return inTurn(async () => {
    inMemory.delete(name);
    await request("kept", "readwrite", (store) => store.delete(name)).catch(() => undefined);
  });
}

/** Look for the key again: another tab may have destroyed it. */
export function lookAgain(): void {
  ownKey = undefined;
}

/** Remove every record, and the key. */
export function destroy(): Promise<void> {
  return inTurn(async () => {
    inMemory.clear();
    ownKey = undefined;
    await request("keys", "readwrite", (store) => store.clear()).catch(() => undefined);
    await request("kept", "readwrite", (store) => store.clear()).catch(() => undefined);
  });
}

function key(): Promise<CryptoKey> {
  return (ownKey ??= findOrMakeKey());
}

async function findOrMakeKey(): Promise<CryptoKey> {
  const found = await request<CryptoKey | undefined>("keys", "readonly", (store) => store.get(KEY));
  if (found) return found;
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  // Of two tabs that make one at the same moment, both use the one that was stored first.
  await request("keys", "readwrite", (store) => store.add(made, KEY)).catch(() => undefined);
  return (await request<CryptoKey | undefined>("keys", "readonly", (store) => store.get(KEY))) ?? made;
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
