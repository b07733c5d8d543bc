/** Which screen is shown: the part of the address after `#`. It never reaches a server, so no number gets into a log. */

const NAMES = ["queue", "report", "cases", "addresses", "approvals", "fairness", "exceptions", "audit", "people", "figures", "administration", "law", "messages", "feeds", "tour", "account"] as const;
export type Screen = (typeof NAMES)[number];

export const route = $state({ screen: "queue" as Screen, argument: "" });

function read(): void {
  const [name = "", argument = ""] = location.hash.replace(/^#\/?/, "").split("/");
  route.screen = NAMES.find((each) => each === name) ?? "queue";
  try {
    route.argument = decodeURIComponent(argument);
  } catch {
    route.argument = "";
  }
}

/** Follow the address. A new screen begins at its top. */
export function follow(): void {
  read();
  addEventListener("hashchange", () => {
    read();
    scrollTo(0, 0);
  });
}

/** Give a heading the focus when its screen is shown, so that it is read out and the keys of the screen work. */
export function focusOnArrival(heading: HTMLElement): void {
  heading.focus({ preventScroll: true });
}

/** The address of a screen. */
export function to(screen: Screen, argument?: string): string {
  return `#/${screen}${argument ? `/${encodeURIComponent(argument)}` : ""}`;
}

/** Show a screen. */
export function go(screen: Screen, argument?: string): void {
  location.hash = to(screen, argument);
}
