// Which model computes where, and what is written.

import type { Store } from "../core/store";
import { FORMATS } from "../codec/encode";
import type { Alpha, Format, Model, Place } from "../core/types";
import { language, t } from "../i18n";
import { useModel } from "./factor";
import { find } from "./find";

export function settings(store: Store, start: () => void): () => void {
  const model = find<HTMLSelectElement>("#model");
  model.addEventListener("change", () => {
    store.wish.model = model.value;
    useModel(store);
    store.changed();
  });
  const format = find<HTMLSelectElement>("#format");
  format.addEventListener("change", () => {
    store.wish.format = format.value as Format | "";
    store.changed();
  });
  const alpha = find<HTMLSelectElement>("#alpha");
  alpha.addEventListener("change", () => {
    store.wish.alpha = alpha.value as Alpha;
    store.changed();
  });
  for (const radio of document.querySelectorAll<HTMLInputElement>('[name="place"]')) {
    radio.addEventListener("change", () => {
      store.wish.place = radio.value as Place;
      useFormats(store, format);
      store.changed();
    });
  }
  find("#settings").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!find<HTMLButtonElement>("#run").disabled) start();
  });
  find("#stop").addEventListener("click", () => store.stop?.abort(new DOMException("stopped", "AbortError")));
  return () => draw(store, model);
}

/** What the server has; the wish becomes its default. */
export function useModels(store: Store, models: Model[]): void {
  store.models = models;
  store.wish.model = (models.find((model) => model.default) ?? models[0])?.name ?? "";
  useModel(store);
  store.changed();
}

/** Formats that only the server can write. */
function useFormats(store: Store, format: HTMLSelectElement): void {
  for (const option of format.options) option.disabled = store.wish.place === "browser" && "server" in option.dataset;
  if (store.wish.place === "browser" && store.wish.format && !FORMATS.includes(store.wish.format)) {
    store.wish.format = "png";
    format.value = "png";
  }
}

function draw(store: Store, select: HTMLSelectElement): void {
  const names = store.models.map(nameOf);
  if ([...select.options].map((option) => option.text).join() !== names.join()) {
    select.replaceChildren(...store.models.map((model, k) => new Option(names[k], model.name)));
  }
  select.value = store.wish.model;
  const model = store.model;
  find("#place-hint").textContent =
    store.wish.place === "server"
      ? t("place_server_hint", { engine: model?.engine ?? "?" })
      : t("place_browser_hint", { size: bytes(model?.bytes ?? 0) });
  find("#facts").replaceChildren(...facts(model));
  const due = store.due.length;
  const run = find<HTMLButtonElement>("#run");
  const running = store.stop !== null;
  run.textContent = due === 0 ? t("run_none") : due === 1 ? t("run_one") : t("run_many", { count: due });
  run.disabled = running || due === 0 || model === null || !store.valid;
  find("#stop").hidden = !running;
}

function nameOf(model: Model): string {
  const { live, maximum } = model.factor;
  return live ? model.name : t("model_fixed", { name: model.name, factor: maximum });
}

function facts(model: Model | null): HTMLElement[] {
  if (model === null) return [];
  const notes = model.contract.notes.map((note) => paragraph(note, language() !== "en"));
  return [...notes, ...(model.licence ? [paragraph(t("licence", { licence: model.licence }), false)] : [])];
}

/** Of the server's words one has to say that they are English. */
function paragraph(text: string, foreign: boolean): HTMLElement {
  const made = document.createElement("p");
  made.textContent = text;
  if (foreign) made.lang = "en";
  return made;
}

export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(count) / 3));
  const value = count / 1000 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}
