/** QR codes before the camera, read by the browser's own detector, where it has one. */

type Detector = { detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]> };
type Detectors = { new (options: { formats: string[] }): Detector; getSupportedFormats(): Promise<string[]> };

const detectors = (): Detectors | undefined => (window as { BarcodeDetector?: Detectors }).BarcodeDetector;

/** Whether this browser can read QR codes; otherwise what they say is typed. */
export async function canScan(): Promise<boolean> {
  if (!detectors() || !navigator.mediaDevices?.getUserMedia) return false;
  return ((await detectors()?.getSupportedFormats().catch(() => [])) ?? []).includes("qr_code");
}

const PAUSE = 150;

/** Watch a picture until it shows a QR code; its text, or nothing once `stopped`. */
export async function scan(video: HTMLVideoElement, stopped: () => boolean): Promise<string | undefined> {
  const Detector = detectors();
  if (!Detector) return undefined;
  const detector = new Detector({ formats: ["qr_code"] });
  while (!stopped()) {
    await new Promise((done) => setTimeout(done, PAUSE)); // before each try, so that the screen can be drawn
    const found = await detector.detect(video).catch(() => []); // the first pictures may not be there yet
    if (found[0]) return found[0].rawValue;
  }
  return undefined;
}
