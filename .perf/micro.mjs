import sharp from "sharp"; import {readFileSync} from "node:fs";
sharp.cache(false); sharp.concurrency(1);
const f = process.argv[2]; const b = readFileSync(f);
const cpu=()=>{const u=process.cpuUsage();return (u.user+u.system)/1000};
async function t(name, fn, n=8){ await fn(); await fn(); const c=cpu(), w=performance.now(); for(let i=0;i<n;i++) await fn(); console.log(name.padEnd(46), "cpu",((cpu()-c)/n).toFixed(1),"wall",((performance.now()-w)/n).toFixed(1)); }
const m = await sharp(b).metadata(); console.log(f, m.width,m.height,b.length);
await t("1600 jpeg", ()=>sharp(b).resize(1600,1600,{fit:"inside"}).jpeg({quality:80}).toBuffer());
await t("1600 raw", ()=>sharp(b).resize(1600,1600,{fit:"inside"}).raw().toBuffer());
await t("half raw (shrink 2 only)", ()=>sharp(b).resize(Math.floor(m.width/2)).raw().toBuffer());
await t("800 jpeg", ()=>sharp(b).resize(800,800,{fit:"inside"}).jpeg({quality:80}).toBuffer());
await t("400 jpeg", ()=>sharp(b).resize(400,400,{fit:"inside"}).jpeg({quality:80}).toBuffer());
await t("120 jpeg", ()=>sharp(b).resize(120,120).jpeg({quality:80}).toBuffer());
await t("four sequential", async()=>{for(const s of [1600,800,400]) await sharp(b).resize(s,s,{fit:"inside"}).jpeg({quality:80}).toBuffer(); await sharp(b).resize(120,120).jpeg({quality:80}).toBuffer();});
await t("stats-decode full raw", ()=>sharp(b).raw().toBuffer());
await t("chain", async()=>{ const p=async(s)=>s.raw().toBuffer({resolveWithObject:true}); const o=({data,info})=>sharp(data,{raw:{width:info.width,height:info.height,channels:info.channels}});
 const a=await p(sharp(b).resize(1600,1600,{fit:"inside"})); await o(a).jpeg({quality:80}).toBuffer(); const c=await p(o(a).resize(800,800,{fit:"inside"})); await o(c).jpeg({quality:80}).toBuffer(); const d=await p(o(c).resize(400,400,{fit:"inside"})); await o(d).jpeg({quality:80}).toBuffer(); await o(d).resize(120,120).jpeg({quality:80}).toBuffer();});
