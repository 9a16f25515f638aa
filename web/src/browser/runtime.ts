// ONNX Runtime in the browser: one build for WebAssembly, and one for WebGPU, whose WebAssembly is twice as slow.
// Their files lie beside this one, packed; that for WebGPU is fetched only where there is one.

import type { InferenceSession, Tensor } from "onnxruntime-common";

type Ort = typeof import("onnxruntime-web/wasm");
export type Kind = "webgpu" | "wasm";

export interface Runtime {
  open(model: Uint8Array): Promise<InferenceSession>;
  tensor: typeof Tensor;
}

interface Adapter {
  info: { vendor: string; architecture: string; description: string; isFallbackAdapter?: boolean };
}

/** Whether there is a graphics processor for WebGPU; one that a program only imitates is slower than WebAssembly. */
export async function hasWebGpu(): Promise<boolean> {
  if (!("gpu" in navigator)) return false;
  const gpu = navigator.gpu as { requestAdapter(): Promise<Adapter | null> };
  const adapter = await gpu.requestAdapter().catch(() => null);
  if (adapter === null || adapter.info.isFallbackAdapter) return false;
  const { vendor, architecture, description } = adapter.info;
  return !/swiftshader|llvmpipe|lavapipe|software|basic render/i.test([vendor, architecture, description].join());
}

export function threads(): number {
  return crossOriginIsolated ? Math.min(8, navigator.hardwareConcurrency || 1) : 1;
}

export async function load(kind: Kind): Promise<Runtime> {
  const name = `ort-${ENGINE_VERSION}${kind === "webgpu" ? ".jsep" : ""}`;
  const ort: Ort = kind === "webgpu" ? await import("onnxruntime-web") : await import("onnxruntime-web/wasm");
  ort.env.wasm.wasmBinary = await unpacked(new URL(`${name}.wasm.gz`, import.meta.url));
  ort.env.wasm.wasmPaths = { mjs: new URL(`${name}.mjs`, import.meta.url).href };
  ort.env.wasm.numThreads = threads();
  ort.env.logLevel = "error";
  return {
    tensor: ort.Tensor,
    open: (model) => ort.InferenceSession.create(model, { executionProviders: [kind], enableMemPattern: false }),
  };
}

async function unpacked(address: URL): Promise<ArrayBuffer> {
  const answer = await fetch(address);
  if (!answer.ok || answer.body === null) throw new Error(`${address.pathname}: ${answer.status}`);
  return new Response(answer.body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}
