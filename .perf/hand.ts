import { runHandLoop, allStyles, styleText } from "../test/bench/hand-loop.ts";
import { GALLERY, inTurn } from "../test/bench/jobs.ts";
const pics = process.argv.slice(2);
const work = { pictures: inTurn(pics, 16), sizes: GALLERY, isSynced: false, directory: "/tmp/perf/byhand" };
for (const style of allStyles()) { if (style.inFlight!==2 || style.way==="bytes") continue; const ms = await runHandLoop({ ...work, style }); console.log((ms/16).toFixed(1), "ms/pic", styleText(style)); }
