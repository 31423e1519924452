import { realpath, mkdir, copyFile } from "node:fs/promises";
import { loneWorker } from "../test/bench/worker.ts";
import { GALLERY, tasksFor } from "../test/bench/jobs.ts";
await mkdir("/tmp/perf/w/made",{recursive:true}); const [pic, n="12", which="g"]=process.argv.slice(2); await copyFile(pic,"/tmp/perf/w/in.jpg");
const root=await realpath("/tmp/perf/w"); const w=await loneWorker(root);
const sizes = which==="g"?GALLERY: which==="800"?[{name:"800",width:800,height:800,fit:"inside",quality:80} as const]:[{name:"64",width:64,height:64,fit:"inside",quality:80} as const];
const t=tasksFor(["in.jpg"],+n,sizes); for (const x of t.slice(0,3)) await w.run(x);
const { readFile } = await import("node:fs/promises"); const cpu=async()=>{const s=await readFile(`/proc/${(w as any).pid ?? 0}/stat`,"utf8").catch(()=>""); return s;};
const a=performance.now(); for (const x of t) await w.run(x); console.log("worker alone", ((performance.now()-a)/t.length).toFixed(1),"ms/task"); await w.close();
