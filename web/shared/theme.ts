/** Light or dark: as the phone has it, or as it was chosen here. */

export type Theme = "auto" | "light" | "dark";
const CHOSEN = "theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

/** What was chosen. */
export function chosenTheme(): Theme {
  try {
    const chosen = localStorage.getItem(CHOSEN);
    return chosen === "light" || chosen === "dark" ? chosen : "auto";
  } catch {
    return "auto";
  }
}

/** Choose, and show it. */
export function chooseTheme(theme: Theme): void {
  try {
    localStorage.setItem(CHOSEN, theme);
  } catch {
    // Storage is forbidden: the phone decides.
  }
  show(theme);
}

/** Show what was chosen, and follow the phone where nothing was. */
export function applyTheme(): void {
  show(chosenTheme());
  dark.addEventListener("change", () => show(chosenTheme()));
}

function show(theme: Theme): void {
  document.documentElement.dataset.theme = theme === "auto" ? (dark.matches ? "dark" : "light") : theme;
}
