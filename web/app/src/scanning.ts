/** The code on the slip of a counter, in what its QR code says. */

/** The activation code in what a QR code says: the address on a slip, or the code alone. */
export function codeIn(text: string): string | undefined {
  const said = /#\/activate\/([A-Z0-9-]+)$/i.exec(text)?.[1] ?? text;
  const code = decodeURIComponent(said).toUpperCase();
  return /^[A-Z0-9]{5}-?[A-Z0-9]{5}$/.test(code) ? code : undefined;
}
