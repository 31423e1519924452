import sharp from "sharp"; import {readFileSync} from "node:fs"; import {fork} from "node:child_process"; import {once} from "node:events";
if (process.argv[2]==="child") {
 sharp.cache(false); sharp.concurrency(1);
 const b = readFileSync(process.argv[3]); const n=+process.argv[4];
 const p=async(s)=>s.raw().toBuffer({resolveWithObject:true}); const o=({data,info})=>sharp(data,{raw:{width:info.width,height:info.height,channels:info.channels}});
 const chain=async()=>{ const a=await p(sharp(b,{failOn:"warning",autoOrient:true}).resize(1600,1600,{fit:"inside"})); await o(a).jpeg({quality:80}).toBuffer(); const c=await p(o(a).resize(800,800,{fit:"inside"})); await o(c).jpeg({quality:80}).toBuffer(); const d=await p(o(c).resize(400,400,{fit:"inside"})); await o(d).jpeg({quality:80}).toBuffer(); await o(d).resize(120,120).jpeg({quality:80}).toBuffer();};
 await chain(); process.send("ready"); await once(process,"message"); const w=performance.now(); for(let i=0;i<n;i++) await chain(); process.send(performance.now()-w); process.disconnect();
} else {
 const kids=[0,1].map(()=>fork(process.argv[1],["child",process.argv[2],"8"],{env:{...process.env,MALLOC_ARENA_MAX:"2",...JSON.parse(process.argv[3]??"{}")}}));
 await Promise.all(kids.map(k=>once(k,"message"))); const w=performance.now(); kids.forEach(k=>k.send("go")); await Promise.all(kids.map(k=>once(k,"message"))); console.log("chain, 2 procs", ((performance.now()-w)/16).toFixed(1), "ms/pic");
}
