import { fromHome, PLACES } from "../places.ts";
import type { Print, Rejection } from "../results.ts";
import { faultsOf, sentenceOfFault, size } from "../tables.ts";
import { countsOf, type Gathered } from "./gathered.ts";
import { STYLE } from "./style.ts";

/** The contact sheet as a page that needs nothing but the folder it lies in. @returns HTML */
export function pageOf(gathered: Gathered): string {
  const { prints, rejections } = gathered;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>spoold: contact sheet</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>spoold</h1><p>${escaped(countsOf(gathered))}</p></header>
<main>
${prints.map(card).join("\n")}
</main>
<section>
<h2>Rejected</h2>
${rejections.map(rejection).join("\n")}
</section>
<footer>${links()}</footer>
</body>
</html>
`;
}

function card({ order, receipt, cameAs }: Print): string {
  const { photograph } = order;
  const asShot = `<figure class="raw"><a href="${href(photograph.source)}"><img src="${href(photograph.asShot)}" alt="the pixels as they lie in the file"></a>
<figcaption>in the file<br>EXIF ${photograph.orientation}</figcaption></figure>`;
  const outputs = receipt.outputs.map(
    ({
      file,
      width,
      height,
      bytes,
      format,
    }) => `<figure><a href="${href(file)}"><img src="${href(file)}" width="${width}" height="${height}" alt="${escaped(file)}"></a>
<figcaption>${width} × ${height} px<br>${format}, ${size(bytes)}</figcaption></figure>`,
  );
  return `<article>
<h2><b>${receipt.number}</b> ${escaped(photograph.title)} <i>${Math.round(receipt.durationMs)} ms</i></h2>
<p>${escaped(receipt.supplicant ?? "")} · came as <code>${escaped(cameAs)}</code></p>
<div class="prints">${[outputs[0], asShot, ...outputs.slice(1)].join("\n")}</div>
</article>`;
}

function rejection({ name, error }: Rejection): string {
  const faults = faultsOf(error.facts).map((fault) => `<li>${escaped(sentenceOfFault(fault))}</li>`);
  return `<p><code>${escaped(name)}</code> ${escaped(error.message)}</p><ul>${faults.join("")}</ul>`;
}

function links(): string {
  const paths = [PLACES.sheet, PLACES.log, PLACES.errors].map(fromHome);
  return paths.map((path) => `<a href="${href(path)}">${escaped(path)}</a>`).join(" · ");
}

function href(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
