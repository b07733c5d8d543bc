/**
 * Which screen is shown: the part of the address after `#`, such as `#/reports/RN1`. It never reaches a server, so no
 * number of a report gets into a log.
 */

const NAMES = ["home", "activate", "code", "file", "report", "reports", "messages", "more", "why", "trip", "show", "reminders", "access", "security", "cases", "wrong", "readdress", "calendar", "components"] as const;
export type Screen = (typeof NAMES)[number];

const here = $state({ screen: "home" as Screen, argument: "" });

function read(): void {
  const [name = "", argument = ""] = location.hash.replace(/^#\/?/, "").split("/");
  here.screen = (NAMES as readonly string[]).includes(name) ? (name as Screen) : "home";
  here.argument = decodeURIComponent(argument);
}

let moved = false;

/** Follow the address. A new screen begins at its top. */
export function follow(): void {
  read();
  addEventListener("hashchange", () => {
    moved = true;
    read();
    scrollTo(0, 0);
  });
}

/** Give the present screen's heading the focus. */
export function focusHeading(): void {
  document.querySelector<HTMLElement>("h1")?.focus();
}

/** Give a heading the focus when its screen is opened, so that it is read out; not when the app is. */
export function focusOnArrival(heading: HTMLElement): void {
  if (moved) heading.focus();
}

export const route = here;

/** The address of a screen. */
export function to(screen: Screen, argument?: string): string {
  return `#/${screen}${argument ? `/${encodeURIComponent(argument)}` : ""}`;
}

/** Show a screen; with `replace` the present one is no longer behind "back". */
export function go(screen: Screen, argument?: string, replace = false): void {
  const address = to(screen, argument);
  if (replace) location.replace(address);
  else location.hash = address;
}
