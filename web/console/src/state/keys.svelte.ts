/**
 * Keys without a modifier, by their place on the keyboard: with a Thai layout the same key types another letter. None
 * acts while something can be typed, and all of them can be switched off (WCAG 2.1.4).
 */

const OFF = "console-keys-off";

function stored(): boolean {
  try {
    return localStorage.getItem(OFF) === null;
  } catch {
    return true;
  }
}

export const keys = $state({ on: stored(), help: false });

/** Switch the keys on or off, and remember it on this machine. */
export function switchKeys(on: boolean): void {
  keys.on = on;
  try {
    if (on) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  } catch {
    // Storage is forbidden: they are on again the next time.
  }
}

const TYPING = 'textarea, select, [contenteditable]:not([contenteditable="false"]), [role="combobox"], input';
const NOT_TYPED_INTO = ["checkbox", "radio", "button"];

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  const field = target.closest(TYPING);
  return field !== null && !(field instanceof HTMLInputElement && NOT_TYPED_INTO.includes(field.type));
}

/** Do what belongs to a key, by its code; `true` says that the key is used up. */
export function onKeys(actions: (code: string) => boolean): () => void {
  const listen = (event: KeyboardEvent): void => {
    if (!keys.on || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return;
    if (event.defaultPrevented || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    if (actions(event.shiftKey ? `Shift+${event.code}` : event.code)) event.preventDefault();
  };
  addEventListener("keydown", listen);
  return () => removeEventListener("keydown", listen);
}
