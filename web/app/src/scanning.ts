/** The code on the slip of a counter, read as a QR code by the browser's own detector, where it has one. */

type Detector = { detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]> };
type Detectors = { new (options: { formats: string[] }): Detector; getSupportedFormats(): Promise<string[]> };

const detectors = (): Detectors | undefined => (window as { BarcodeDetector?: Detectors }).BarcodeDetector;

/** Whether this phone can read QR codes; otherwise the code is typed. */
export async function canScan(): Promise<boolean> {
  if (!detectors() || !navigator.mediaDevices?.getUserMedia) return false;
  return ((await detectors()?.getSupportedFormats().catch(() => [])) ?? []).includes("qr_code");
}

/** The activation code in what a QR code says: the address on a slip, or the code alone. */
export function codeIn(text: string): string | undefined {
  const said = /#\/activate\/([A-Z0-9-]+)$/i.exec(text)?.[1] ?? text;
  const code = decodeURIComponent(said).toUpperCase();
  return /^[A-Z0-9]{5}-?[A-Z0-9]{5}$/.test(code) ? code : undefined;
}

const PAUSE = 150;

/** Watch a picture until it shows a QR code; its text, or nothing once `stopped`. */
export async function scan(video: HTMLVideoElement, stopped: () => boolean): Promise<string | undefined> {
  const Detector = detectors();
  if (!Detector) return undefined;
  const detector = new Detector({ formats: ["qr_code"] });
  while (!stopped()) {
    await new Promise((done) => setTimeout(done, PAUSE)); // before each look, so that the screen can be drawn
    const found = await detector.detect(video).catch(() => []); // the first pictures may not be there yet
    if (found[0]) return found[0].rawValue;
  }
  return undefined;
}
