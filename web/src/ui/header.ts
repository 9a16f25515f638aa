// Language, and light or dark.

import { recall, remember } from "../core/remember";
import { language, speak, type Language } from "../i18n";
import { find } from "./find";

export function header(): void {
  const select = find<HTMLSelectElement>("#language");
  select.value = language();
  select.addEventListener("change", () => speak(select.value as Language));

  const dark = find<HTMLButtonElement>("#dark");
  const prefers = matchMedia("(prefers-color-scheme: dark)");
  const draw = () => {
    const chosen = recall("theme");
    if (chosen) document.documentElement.dataset.theme = chosen;
    dark.setAttribute("aria-pressed", `${(chosen ?? (prefers.matches ? "dark" : "light")) === "dark"}`);
  };
  dark.addEventListener("click", () => {
    const now = dark.getAttribute("aria-pressed") === "true" ? "light" : "dark";
    remember("theme", now);
    document.documentElement.dataset.theme = now;
    dark.setAttribute("aria-pressed", `${now === "dark"}`);
  });
  prefers.addEventListener("change", draw);
  draw();
}
