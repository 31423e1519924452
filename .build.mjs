// Bundles the program, so that a start opens a few files instead of hundreds: `spoold add` runs in shell loops, and
// a worker is started for each core. What loads native code, other files of its own or a thread stays a package.
import { build } from "rolldown";

// What several commands need lies in one file, for many small ones take longer to open than this one to read; but for
// what is large or for one purpose, which those load that need it.
const APART =
  /\/node_modules\/(?!zod\/|commander\/)|\/src\/(daemon|worker|log)|\/src\/spool\/(check|prune)\/|\/src\/cli\/(completion|doctor)|\/src\/image\/[a-z-]+\.ts$/;

await build({
  input: { index: "src/index.ts", "cli/program": "src/cli/program.ts", "worker/main": "src/worker/main.ts" },
  platform: "node",
  external: ["sharp", /^node:/],
  transform: { target: "node20.19" },
  output: {
    dir: "dist",
    format: "esm",
    entryFileNames: "[name].js",
    // As deep below dist/ as the sources below src/, for paths relative to a file.
    chunkFileNames: "chunks/[name]-[hash].js",
    // Names stay, for the people who read a stack trace.
    minify: { compress: true, mangle: false, codegen: true },
    codeSplitting: { groups: [{ name: "common", test: (id) => !APART.test(id), minShareCount: 2 }] },
  },
  logLevel: "warn",
});
