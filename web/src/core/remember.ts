// What the page remembers of a visitor's choices, where the browser allows it.

type Where = "always" | "tab";

export function recall(key: string, where: Where = "always"): string | null {
  try {
    return storage(where).getItem(`pliant.${key}`);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string, where: Where = "always"): void {
  try {
    storage(where).setItem(`pliant.${key}`, value);
  } catch {
    // storage is switched off: the choice holds until the page is left
  }
}

function storage(where: Where): Storage {
  return where === "always" ? localStorage : sessionStorage;
}
