// A picture and its result over each other, with a slider between them.

import { text, type Item, type Store } from "../core/store";
import { t } from "../i18n";
import { find } from "./find";
import { gestures } from "./gestures";
import { centred, fit, moved, zoomed, type View } from "./view";

export function viewer(store: Store): () => void {
  const own = new Viewer();
  return () => own.draw(store.shown, store.items.some(({ result }) => result));
}

class Viewer {
  readonly #stage = find("#stage");
  readonly #board = find("#board");
  readonly #before = find<HTMLImageElement>("#picture-before");
  readonly #after = find<HTMLImageElement>("#picture-after");
  readonly #split = find<HTMLInputElement>("#split");
  #size: [number, number] | null = null;
  #view: View = { scale: 1, x: 0, y: 0 };
  #fitted = true;
  #shown: Item | null = null;

  constructor() {
    const zoom = (times: number, at?: [number, number]) =>
      this.#change((view, stage, size) => zoomed(view, times, at ?? [stage[0] / 2, stage[1] / 2], stage, size));
    const whole = () => this.#change((_, stage, size) => fit(stage, size), true);
    const pixel = () => this.#change((_, stage, size) => centred(stage, size, 1 / devicePixelRatio));
    const move = (x: number, y: number) => this.#change((view, stage, size) => moved(view, x, y, stage, size));
    gestures(this.#stage, { move, zoom, fit: whole, pixel });
    find("#zoom-in").addEventListener("click", () => zoom(1.5));
    find("#zoom-out").addEventListener("click", () => zoom(1 / 1.5));
    find("#zoom-fit").addEventListener("click", whole);
    find("#zoom-pixel").addEventListener("click", pixel);
    this.#split.addEventListener("input", () => this.#place());
    new ResizeObserver(() => (this.#fitted ? whole() : this.#place())).observe(this.#stage);
    for (const image of [this.#before, this.#after]) image.addEventListener("error", () => this.#missing(image));
  }

  draw(item: Item | null, any: boolean): void {
    const result = item?.result ?? null;
    const size = result?.size ?? item?.size ?? null;
    const other = item !== this.#shown || size?.join() !== this.#size?.join();
    [this.#shown, this.#size] = [item, size];
    this.#show(this.#before, item?.address ?? null);
    this.#show(this.#after, result?.address ?? null);
    this.#board.hidden = item === null;
    this.#stage.classList.toggle("shown", item !== null);
    this.#stage.classList.toggle("both", result !== null);
    find("#viewer-empty").textContent = item ? "" : t(any ? "viewer_one" : "viewer_empty");
    find("#viewer-name").textContent = item ? [item.file.name, size ? text(size) : ""].filter(Boolean).join(" · ") : "";
    this.#before.alt = item ? `${t("before")}: ${item.file.name}` : "";
    this.#after.alt = item ? `${t("after")}: ${item.file.name}` : "";
    for (const button of document.querySelectorAll<HTMLButtonElement>(".zooms button")) button.disabled = item === null;
    if (other) this.#change((_, stage, picture) => fit(stage, picture), true);
    else this.#place();
  }

  #show(image: HTMLImageElement, address: string | null): void {
    image.hidden = address === null;
    if (address === null) image.removeAttribute("src");
    else if (image.src !== address) image.src = address;
  }

  #missing(image: HTMLImageElement): void {
    image.hidden = true;
    find("#viewer-empty").textContent = t("not_shown");
  }

  #change(how: (view: View, stage: [number, number], size: [number, number]) => View, fitted = false): void {
    const stage: [number, number] = [this.#stage.clientWidth, this.#stage.clientHeight];
    if (this.#size === null || stage[0] === 0) return;
    this.#view = how(this.#view, stage, this.#size);
    this.#fitted = fitted;
    this.#place();
  }

  #place(): void {
    if (this.#size === null) return;
    const { scale, x, y } = this.#view;
    const share = this.#split.valueAsNumber / 100;
    const left = share * this.#stage.clientWidth;
    for (const image of [this.#before, this.#after]) {
      image.style.width = `${this.#size[0]}px`;
      image.style.height = `${this.#size[1]}px`;
      image.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    }
    const [width, height] = this.#size.map((side) => side * scale);
    Object.assign(this.#board.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
    // far enlarged, one wants to see the pixels of the result and no smoothing of the browser's
    this.#after.classList.toggle("pixels", scale * devicePixelRatio >= 8);
    const both = this.#stage.classList.contains("both");
    const edge = both ? (left - x) / scale : 0;
    this.#after.style.clipPath = both ? `inset(0 0 0 ${Math.max(0, edge)}px)` : "";
    this.#before.style.clipPath = both ? `inset(0 ${Math.max(0, this.#size[0] - edge)}px 0 0)` : "";
    this.#stage.style.setProperty("--split", `${100 * share}%`);
    this.#split.setAttribute("aria-valuetext", t("slider_value", { percent: Math.round(100 * share) }));
    find("#zoom-level").textContent = t("zoom_level", { percent: Math.round(100 * scale * devicePixelRatio) });
  }
}
