// What the server expects of the picture that is shown: time and memory, without computing anything.

import type { Store } from "../core/store";
import { t } from "../i18n";
import { bytes } from "./settings";
import { find } from "./find";

const PAUSE = 300; // milliseconds after the last change

export function plan(store: Store): () => void {
  let [asked, timer] = ["", 0];
  let stop = new AbortController();
  return () => {
    const size = (store.shown ?? store.items[0])?.size ?? null;
    const wanted = store.wish.place === "server" && store.model !== null && store.valid && !store.locked && size !== null;
    const question = wanted ? JSON.stringify([size, store.wish.factor, store.wish.model, document.documentElement.lang]) : "";
    if (question === asked) return;
    asked = question;
    stop.abort();
    clearTimeout(timer);
    if (!wanted) find("#plan").textContent = "";
    else timer = window.setTimeout(() => ask(store, size, (stop = new AbortController()).signal), PAUSE);
  };
}

async function ask(store: Store, size: [number, number], signal: AbortSignal): Promise<void> {
  const place = find("#plan");
  try {
    const { seconds, memory, notes } = await store.api.plan(size, store.wish.factor, store.wish.model, signal);
    const count = seconds === null ? "" : seconds < 10 ? seconds.toFixed(1) : `${Math.round(seconds)}`;
    const room = bytes(memory ?? 0);
    const sum = count ? t("plan", { seconds: t("seconds", { count }), memory: room }) : t("plan_memory", { memory: room });
    place.textContent = [memory === null ? "" : sum, ...notes].join(" ").trim();
  } catch (error) {
    if (signal.aborted) return;
    place.textContent = error instanceof TypeError ? t("offline") : (error as Error).message;
  }
}
