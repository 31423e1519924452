import sharp from "sharp"; import {readFileSync} from "node:fs";
sharp.cache(false); sharp.concurrency(1);
const b = readFileSync(process.argv[2]);
 const p=async(s)=>s.raw().toBuffer({resolveWithObject:true}); const o=({data,info})=>sharp(data,{raw:{width:info.width,height:info.height,channels:info.channels}});
 const chain=async()=>{ const a=await p(sharp(b,{failOn:"warning",autoOrient:true}).resize(1600,1600,{fit:"inside"})); await o(a).jpeg({quality:80}).toBuffer(); const c=await p(o(a).resize(800,800,{fit:"inside"})); await o(c).jpeg({quality:80}).toBuffer(); const d=await p(o(c).resize(400,400,{fit:"inside"})); await o(d).jpeg({quality:80}).toBuffer(); await o(d).resize(120,120).jpeg({quality:80}).toBuffer();};
await chain(); const u0=process.cpuUsage(); const f0=process.resourceUsage().minorPageFault; const cs=process.resourceUsage().voluntaryContextSwitches; for(let i=0;i<20;i++) await chain(); const u=process.cpuUsage(u0); const r=process.resourceUsage(); console.log("user",(u.user/20000).toFixed(1),"sys",(u.system/20000).toFixed(1),"faults",(r.minorPageFault-f0)/20,"ctx",(r.voluntaryContextSwitches-cs)/20, "maxrss MB", r.maxRSS/1024);
