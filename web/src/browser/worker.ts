// Upscales pictures in this browser. A picture comes in, and only a picture goes out: to the page, never to a server.

import { decode } from "../codec/decode";
import { encode } from "../codec/encode";
import { scaled } from "../core/sizes";
import { Failure, type Locality, type Sentence } from "../core/types";
import { Api, Problem } from "../server/api";
import type { News, Order } from "./messages";
import { once, open } from "./models";
import { way } from "./tiles";
import { passes, upscaled } from "./upscale";

const localities = new Map<string, Promise<Locality>>();

async function work(order: Order): Promise<void> {
  const { id, model, wish } = order;
  const api = new Api(order.root, order.token);
  const { network, kind } = await open(model, api);
  const raster = await decode(order.file);
  const factor = network.rounded(wish.factor);
  const used = network.used(factor);
  const size: [number, number] = [raster.width, raster.height];
  if (Math.min(...size.map((side) => scaled(side, factor))) < 1) throw new Failure({ key: "vanishes" });
  const steps = passes(raster, wish.alpha, network);
  let pass = 0;
  const advance = (share: number) => {
    tell({ id, what: "progress", share: Math.min(1, (pass + share) / steps) });
    if (share === 1) pass++;
  };
  const how = await way({ network, size, factor: used, advance, locality: () => locality(api, order, used) });
  const result = await upscaled(raster, network, how.compute, factor, wish.alpha);
  const made = await encode(result, wish.format, order.file.type);
  const notes: Sentence[] = [...raster.notes, ...made.notes];
  if (how.tiles > 1) notes.push({ key: "in_tiles", with: { tiles: how.tiles } });
  const engine = kind === "webgpu" ? "WebGPU" : "WebAssembly";
  tell({ id, what: "done", blob: made.blob, size: [result.width, result.height], source: size, engine, notes });
}

function locality(api: Api, { model }: Order, factor: number): Promise<Locality> {
  const path = `${model.file.replace(/\/file$/, "/tiles")}?factor=${factor}`;
  return once(localities, path, () => api.json<Locality>(path));
}

function tell(news: News): void {
  self.postMessage(news);
}

function failure(error: unknown): { sentence: Sentence; status?: number } {
  if (error instanceof Problem) return { sentence: { text: error.message }, status: error.status };
  if (error instanceof Failure) return { sentence: error.sentence };
  const said = error instanceof Error ? error.message : String(error);
  if (error instanceof RangeError || /memory|allocat/i.test(said)) return { sentence: { key: "no_memory" } };
  return { sentence: { key: "engine_failed", with: { said } } };
}

self.onmessage = (event: MessageEvent<Order>) => {
  work(event.data).catch((error: unknown) => tell({ id: event.data.id, what: "failed", ...failure(error) }));
};
