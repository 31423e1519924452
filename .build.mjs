// Bundles the program, so that a start opens a few files instead of hundreds: `spoold add` runs in shell loops, and
// a worker is started for each core. What loads native code, other files of its own or a thread stays a package.
import { build } from "esbuild";

await build({
  entryPoints: ["src/index.ts", "src/cli/program.ts", "src/worker/main.ts"],
  outdir: "dist",
  outbase: "src",
  bundle: true,
  splitting: true,
  // As deep below dist/ as the sources below src/, for paths relative to a file.
  chunkNames: "chunks/[name]-[hash]",
  format: "esm",
  platform: "node",
  target: "node20.19",
  external: ["sharp"],
  // commander is CommonJS, and asks for Node's own modules.
  banner: {
    js: 'import { createRequire as requireBeside } from "node:module"; const require = requireBeside(import.meta.url);',
  },
  logLevel: "warning",
});
