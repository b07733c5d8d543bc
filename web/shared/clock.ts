/** The time by the service's clock. This phone's may be wrong, so what the service says with each answer counts. */

const NAME = "clock";
const WRONG = 10 * 60_000; // less is no matter, and may be the way of the answer
let ahead = stored();

/** The present moment. */
export function now(): Date {
  return new Date(Date.now() + ahead);
}

/** Whether this phone's clock is wrong. */
export function isWrong(): boolean {
  return ahead !== 0;
}

/** Note what the service says the time is: the header of an answer. It is kept for days without a connection. */
export function setClock(header: string | null): void {
  const told = Date.parse(header ?? "");
  if (Number.isNaN(told)) return;
  const by = told - Date.now();
  const before = ahead;
  ahead = Math.abs(by) < WRONG ? 0 : by;
  if (Math.abs(ahead - before) < WRONG) return;
  try {
    localStorage.setItem(NAME, String(ahead));
  } catch {
    // Storage is forbidden: this page knows it as long as it lasts.
  }
}

function stored(): number {
  try {
    return Number(localStorage.getItem(NAME)) || 0;
  } catch {
    return 0;
  }
}
