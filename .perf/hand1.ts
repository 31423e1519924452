import { runHandLoop } from "../test/bench/hand-loop.ts"; import { GALLERY, inTurn } from "../test/bench/jobs.ts";
const work = { pictures: inTurn(process.argv.slice(2), 24), sizes: GALLERY, isSynced: false, directory: "/tmp/perf/byhand" };
for (const way of ["clones","paths"] as const) { const ms = await runHandLoop({ ...work, style: { way, inFlight: 2, concurrency: 1 } }); console.log("hand", way, (ms/24).toFixed(1)); }
