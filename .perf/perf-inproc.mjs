import { prepareSharp } from "../dist/image/decoders.js"; import { directSystem } from "../dist/system.js"; import { perform } from "../dist/worker/perform.js"; import { limitsOf } from "../dist/image/limits.js"; import { resolveSettings } from "../dist/config.js"; import { checkTask } from "../dist/task/parse.js"; import { mkdirSync, copyFileSync, rmSync } from "node:fs";
prepareSharp(); const limits=limitsOf(resolveSettings({flags:{},env:{},file:undefined},{cores:2,workingDirectory:"/"}));
rmSync("/tmp/perf/ip",{recursive:true,force:true}); mkdirSync("/tmp/perf/ip/made",{recursive:true}); copyFileSync(process.argv[2],"/tmp/perf/ip/in.jpg");
const n=+process.argv[3]; const sizes=(process.argv[4]??"1600,800,400,120").split(",");
const system=directSystem();
const req=(i)=>({kind:"run",number:i,attempt:1,task:checkTask({source:"in.jpg",outputs:sizes.map(s=>({file:`made/${i}-${s}.jpg`,width:+s,height:+s,fit:s==="120"?"cover":"inside",quality:80}))}),roots:["/tmp/perf/ip"],spool:"/tmp/perf/ip/spool",limits,tag:"x"});
const rs=Array.from({length:n},(_,i)=>req(i));
for (let i=0;i<5;i++) await perform(system,rs[i],()=>{});
const u=process.cpuUsage(), w=performance.now(); for (const r of rs) { const x=await perform(system,r,()=>{}); if(x.kind!=="prepared") throw new Error(JSON.stringify(x)); }
const d=process.cpuUsage(u); console.log("per task wall",((performance.now()-w)/n).toFixed(2),"user",(d.user/1000/n).toFixed(2),"sys",(d.system/1000/n).toFixed(2));
