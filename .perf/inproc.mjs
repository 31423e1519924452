import { readFileSync } from "node:fs"; import sharp from "sharp";
import { prepareSharp } from "../dist/image/decoders.js"; import { readHeader } from "../dist/image/header.js"; import { planOutputs } from "../dist/image/plan.js"; import { render } from "../dist/image/render.js"; import { lookAt } from "../dist/image/impression.js"; import { limitsOf } from "../dist/image/limits.js"; import { resolveSettings } from "../dist/config.js";
prepareSharp(); sharp.unblock({operation:["VipsForeignLoad"]});
const limits=limitsOf(resolveSettings({flags:{},env:{},file:undefined},{cores:2,workingDirectory:"/"}));
const b=readFileSync(process.argv[2]); const src={bytes:b,path:"/x"};
const outs=[1600,800,400].map(s=>({file:`${s}.jpg`,width:s,height:s,fit:"inside",quality:80})); outs.push({file:"120.jpg",width:120,height:120,fit:"cover",quality:80});
const cpu=()=>{const u=process.cpuUsage();return (u.user+u.system)/1000};
const p=async(s)=>s.raw().toBuffer({resolveWithObject:true}); const o=({data,info})=>sharp(data,{raw:{width:info.width,height:info.height,channels:info.channels}});
const chain=async()=>{ const a=await p(sharp(b,{failOn:"warning",autoOrient:true}).resize(1600,1600,{fit:"inside"})); await o(a).jpeg({quality:80}).toBuffer(); const c=await p(o(a).resize(800,800,{fit:"inside"})); await o(c).jpeg({quality:80}).toBuffer(); const d=await p(o(c).resize(400,400,{fit:"inside"})); await o(d).jpeg({quality:80}).toBuffer(); await o(d).resize(120,120).jpeg({quality:80}).toBuffer();};
const T={
 chain,
 render: async()=>{const h=await readHeader(src,limits); await render(src,planOutputs(outs,h,limits),{...limits,readOverlay:()=>{throw 1}});},
 "render+look": async()=>{const h=await readHeader(src,limits); const l=lookAt(src,limits.maxInputPixels); await render(src,planOutputs(outs,h,limits),{...limits,readOverlay:()=>{throw 1},look:l.look}); await l.impression();},
 header: ()=>readHeader(src,limits),
};
const acc={}; for (let r=0;r<40;r++) for (const [k,f] of Object.entries(T)) { const c=cpu(), w=performance.now(); await f(); if(r>9){acc[k]??=[0,0]; acc[k][0]+=cpu()-c; acc[k][1]+=performance.now()-w;} }
for (const k in acc) console.log(k.padEnd(14),"cpu",(acc[k][0]/30).toFixed(1),"wall",(acc[k][1]/30).toFixed(1));
