// The page's end of the worker, which is started when the first picture needs it.

import { Failure, type Model, type Result, type Wish } from "../core/types";
import { Problem, type Api } from "../server/api";
import type { News, Order } from "./messages";

let worker: Worker | null = null;
let orders = 0;

/** One picture, upscaled without leaving the machine. Stopping ends the worker and all that it holds. */
export function upscaleHere(
  file: File, model: Model, wish: Wish, api: Api, signal: AbortSignal, advance: (share: number) => void,
): Promise<Result> {
  const id = ++orders;
  const own = (worker ??= new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }));
  const stop = () => {
    own.terminate();
    if (worker === own) worker = null;
  };
  return new Promise<Result>((resolve, reject) => {
    signal.addEventListener("abort", () => (stop(), reject(signal.reason)), { once: true });
    own.onerror = (event) => (stop(), reject(new Failure({ key: "engine_failed", with: { said: event.message || "?" } })));
    own.onmessage = ({ data: news }: MessageEvent<News>) => {
      if (news.id !== id) return;
      if (news.what === "progress") advance(news.share);
      else if (news.what === "done") resolve({ ...news });
      else if (news.what === "failed") {
        const { sentence, status } = news;
        reject(status !== undefined && "text" in sentence ? new Problem(status, sentence.text) : new Failure(sentence));
      }
    };
    const order: Order = { id, file, model, wish, root: api.root, token: api.token };
    own.postMessage(order);
  });
}
