// Builds the page into the Python package, with the two builds of ONNX Runtime packed by gzip, and the hash of the sources.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const here = import.meta.dirname;
const place = join(here, "../src/pliant/apps/server/page");
const engine = dirname(createRequire(import.meta.url).resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"));
const version: string = JSON.parse(readFileSync(join(engine, "../package.json"), "utf8")).version;

/** The JavaScript of ONNX Runtime as it is, which starts threads from its own address, and its WebAssembly packed. */
function runtime(): Plugin {
  return {
    name: "onnxruntime",
    apply: "build",
    generateBundle() {
      for (const kind of ["", ".jsep"]) {
        const name = `ort-wasm-simd-threaded${kind}`;
        const file = (suffix: string) => readFileSync(join(engine, name + suffix));
        this.emitFile({ type: "asset", fileName: `assets/ort-${version}${kind}.mjs`, source: file(".mjs") });
        const packed = gzipSync(file(".wasm"), { level: 9 });
        packed[9] = 255; // the system it was packed on: the same bytes everywhere
        this.emitFile({ type: "asset", fileName: `assets/ort-${version}${kind}.wasm.gz`, source: packed });
      }
    },
  };
}

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else yield path;
  }
}

/** What the page was built from: sha256 over names and contents, which a test compares. */
function fingerprint(): Plugin {
  return {
    name: "fingerprint",
    apply: "build",
    closeBundle() {
      const single = ["index.html", "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts"];
      const files = [...sources(join(here, "src")), ...sources(join(here, "public")), ...single.map((name) => join(here, name))];
      const named = files.map((path) => [relative(here, path).replaceAll("\\", "/"), path] as const);
      const hash = createHash("sha256");
      for (const [name, path] of named.sort(([a], [b]) => (a < b ? -1 : 1))) {
        hash.update(`${name}\0`).update(readFileSync(path)).update("\0");
      }
      writeFileSync(join(place, "sources.json"), `${JSON.stringify({ sha256: hash.digest("hex") })}\n`);
    },
  };
}

export default defineConfig({
  root: here,
  base: "./",
  define: { ENGINE_VERSION: JSON.stringify(version) },
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", "module", "browser", "production"] },
  plugins: [runtime(), fingerprint()],
  worker: { format: "es" },
  build: {
    outDir: place,
    emptyOutDir: true,
    target: "es2022",
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
  },
});
