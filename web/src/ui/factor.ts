// The factor: a slider, a number for any value, and usual ones; and what becomes of the picture.

import { resultSize, text, type Store } from "../core/store";
import { t } from "../i18n";
import { find } from "./find";

const USUAL = [1.5, 2, 3, 4, 8];

export function factor(store: Store): () => void {
  const slider = find<HTMLInputElement>("#factor");
  const number = find<HTMLInputElement>("#factor-number");
  const set = (value: number) => {
    store.valid = isTaken(store, value);
    if (store.valid) store.wish.factor = value;
    store.changed();
  };
  slider.addEventListener("input", () => {
    number.value = `${slider.valueAsNumber}`;
    set(slider.valueAsNumber);
  });
  number.addEventListener("input", () => set(number.valueAsNumber));
  find("#presets").addEventListener("click", (event) => {
    const value = (event.target as HTMLElement).dataset.factor;
    if (value === undefined) return;
    number.value = value;
    set(Number(value));
  });
  return () => draw(store, slider, number);
}

/** The bounds of the model, and a factor within them. */
export function useModel(store: Store): void {
  const model = store.model;
  if (model === null) return;
  const { minimum, maximum, default: usual, live } = model.factor;
  const slider = find<HTMLInputElement>("#factor");
  const number = find<HTMLInputElement>("#factor-number");
  // a network of one factor takes every smaller one: its result is reduced
  const least = live ? minimum : Math.min(1, maximum);
  Object.assign(slider, { min: `${least}`, max: `${maximum}` });
  Object.assign(number, { min: `${least}`, max: `${maximum}` });
  if (!isTaken(store, store.wish.factor) || !store.valid || number.value === "") {
    store.wish.factor = usual;
    number.value = `${usual}`;
  }
  store.valid = true;
  presets(least, maximum);
}

function isTaken(store: Store, value: number): boolean {
  const slider = find<HTMLInputElement>("#factor");
  return store.model !== null && value > 0 && value >= Number(slider.min) && value <= Number(slider.max);
}

function presets(least: number, most: number): void {
  const buttons = USUAL.filter((value) => value >= least && value <= most).map((value) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `${value}×`;
    button.dataset.factor = `${value}`;
    return button;
  });
  find("#presets").replaceChildren(...buttons);
}

function draw(store: Store, slider: HTMLInputElement, number: HTMLInputElement): void {
  const { factor } = store.wish;
  if (slider.valueAsNumber !== factor) slider.value = `${factor}`;
  slider.setAttribute("aria-valuetext", t("factor_preset", { factor }));
  number.setAttribute("aria-invalid", `${!store.valid}`);
  const bounds = { minimum: slider.min, maximum: slider.max };
  find("#factor-wrong").textContent = store.valid ? "" : t("factor_wrong", bounds);
  for (const button of document.querySelectorAll<HTMLElement>("#presets button")) {
    button.setAttribute("aria-pressed", `${Number(button.dataset.factor) === factor}`);
    button.setAttribute("aria-label", t("factor_preset", { factor: button.dataset.factor ?? "" }));
  }
  const size = (store.shown ?? store.items[0])?.size;
  find("#size").textContent = size
    ? t("result_size", { before: text(size), after: text(resultSize(size, factor)) })
    : t("result_none");
}
