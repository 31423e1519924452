import sharp from "sharp"; import { readFileSync } from "node:fs"; import { lookAt } from "../dist/image/impression.js";
const px=await sharp(readFileSync(process.argv[2])).resize(400).raw().toBuffer({resolveWithObject:true});
const cpu=()=>{const u=process.cpuUsage();return (u.user+u.system)/1000};
for (const n of [5,20,100,500]) { const c=cpu(), w=performance.now(); for (let i=0;i<n;i++){ const l=lookAt({bytes:px.data},1e8); l.look(px); await l.impression(); } console.log(n,"cpu",((cpu()-c)/n).toFixed(2),"wall",((performance.now()-w)/n).toFixed(2)); }
