/** Passkeys in the browser: the JSON of the API in and out (W3C Web Authentication Level 3, 5.1). */

type Json = Record<string, unknown>;
type Reads = {
  parseCreationOptionsFromJSON(options: unknown): PublicKeyCredentialCreationOptions;
  parseRequestOptionsFromJSON(options: unknown): PublicKeyCredentialRequestOptions;
};

/** Whether this browser has passkeys, and reads the options as the API writes them. */
export const hasPasskeys = (): boolean =>
  typeof PublicKeyCredential !== "undefined" && "parseRequestOptionsFromJSON" in PublicKeyCredential;

/** Make a passkey; nothing where the person gave up or the device cannot. */
export async function makePasskey(options: unknown): Promise<Json | undefined> {
  const reads = PublicKeyCredential as unknown as Reads;
  return answered(() => navigator.credentials.create({ publicKey: reads.parseCreationOptionsFromJSON(options) }));
}

/** Sign a challenge with a passkey that the person chooses; nothing where they gave up or have none. */
export async function usePasskey(options: unknown): Promise<Json | undefined> {
  const reads = PublicKeyCredential as unknown as Reads;
  return answered(() => navigator.credentials.get({ publicKey: reads.parseRequestOptionsFromJSON(options) }));
}

async function answered(ask: () => Promise<Credential | null>): Promise<Json | undefined> {
  try {
    const credential = await ask();
    return credential ? ((credential as PublicKeyCredential).toJSON() as Json) : undefined;
  } catch {
    return undefined; // NotAllowedError, InvalidStateError and the like: the browser has told the person
  }
}
