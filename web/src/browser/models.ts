// Models in this browser: fetched once, opened once, and checked where WebGPU computes them.

import type { Model } from "../core/types";
import type { Api } from "../server/api";
import { sessionsAgree } from "./check";
import { network, type Network } from "./network";
import { hasWebGpu, load, type Kind, type Runtime } from "./runtime";

export interface Opened {
  network: Network;
  kind: Kind;
}

const runtimes = new Map<Kind, Promise<Runtime>>();
const opened = new Map<string, Promise<Opened>>();

/** The model, in WebGPU if that computes what WebAssembly does. */
export function open(model: Model, api: Api): Promise<Opened> {
  return once(opened, model.file, () => opening(model, api));
}

/** What was made for a key; what failed is made anew the next time. */
export function once<K, V>(made: Map<K, Promise<V>>, key: K, make: () => Promise<V>): Promise<V> {
  const found = made.get(key) ?? make();
  made.set(key, found);
  found.catch(() => made.delete(key));
  return found;
}

async function opening(model: Model, api: Api): Promise<Opened> {
  const file = await api.bytes(model.file);
  const on = async (kind: Kind) => {
    const runtime = await once(runtimes, kind, () => load(kind));
    return network(runtime, await runtime.open(file), model.contract, model.factor.maximum);
  };
  const plain = await on("wasm");
  if (!(await hasWebGpu())) return { network: plain, kind: "wasm" };
  try {
    const quick = await on("webgpu");
    if (await sessionsAgree(quick, plain, quick.used(model.factor.default))) return { network: quick, kind: "webgpu" };
  } catch (error) {
    console.warn("WebGPU cannot run this model", error);
  }
  return { network: plain, kind: "wasm" };
}
