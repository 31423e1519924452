import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openDecoders, prepareSharp } from "../../src/image/decoders.ts";
import { readHeader } from "../../src/image/header.ts";
import { planOutputs } from "../../src/image/plan.ts";
import { render } from "../../src/image/render.ts";
import type { Output } from "../../src/task/task.ts";
import { DEFAULT_LIMITS } from "../support/limits.ts";
import { painted, type Raster, raster } from "../support/stepping.ts";

const LIMITS = {
  ...DEFAULT_LIMITS,
  inputFormats: ["svg" as const],
  readOverlay: () => Promise.reject(new Error("no overlay")),
};
const SECRET = [255, 0, 255, 255];
const home = process.cwd();
let folder: string;

beforeAll(async () => {
  prepareSharp();
  openDecoders(["png", "svg"]);
  folder = await mkdtemp(join(tmpdir(), "spoold-svg-"));
  const secret = await painted({ width: 40, height: 40 }, () => SECRET);
  await writeFile(join(folder, "secret.png"), secret);
  await writeFile(join(folder, "secret.txt"), "a secret");
  await writeFile(join(folder, "secret.css"), "rect { fill: #ff00ff }");
  await writeFile(join(folder, "secret.svg"), drawing('<rect id="a" width="40" height="40" fill="#ff00ff"/>'));
  // What is named without a directory would be found here, were it looked for.
  process.chdir(folder);
});

afterAll(async () => {
  process.chdir(home);
  await rm(folder, { recursive: true });
});

describe("a drawing", () => {
  it("is drawn anew at each size", async () => {
    const halves = drawing('<rect width="20" height="40" fill="#ff0000"/><rect x="20" width="20" height="40"/>');
    const { width, height, at } = await drawn(halves, { width: 4_000 });
    expect([width, height]).toEqual([4_000, 4_000]);
    expect([at(1_998, 9).slice(0, 3), at(2_001, 9).slice(0, 3)]).toEqual([
      [255, 0, 0],
      [0, 0, 0],
    ]);
  });

  it("shows a picture that it carries itself", async () => {
    const png = await painted({ width: 40, height: 40 }, () => SECRET);
    const { at } = await drawn(drawing(`<image href="data:image/png;base64,${png.toString("base64")}" ${ALL}/>`));
    expect(at(20, 20)).toEqual(SECRET);
  });
});

describe("a drawing that refers to a file", () => {
  const file = (name: string): string => String(pathToFileURL(join(folder, name)));

  it.each([
    ["a picture by its URL", () => drawing(`<image href="${file("secret.png")}" ${ALL}/>`)],
    ["a picture by its path", () => drawing(`<image href="${join(folder, "secret.png")}" ${ALL}/>`)],
    ["a picture beside it", () => drawing(`<image xlink:href="secret.png" ${ALL}/>`)],
    ["a picture above it", () => drawing(`<image xlink:href="../secret.png" ${ALL}/>`)],
    ["a part of another drawing", () => drawing('<use href="secret.svg#a"/>')],
    ["a part of another drawing by its URL", () => drawing(`<use xlink:href="${file("secret.svg")}#a"/>`)],
    ["another drawing as a picture", () => drawing(`<image href="secret.svg" ${ALL}/>`)],
    ["a filter's picture", () => drawing(`<filter id="f"><feImage href="secret.png"/></filter><rect ${ALL} ${F}/>`)],
    ["a style", () => drawing(`<style>@import url("${file("secret.css")}");</style><rect ${ALL}/>`)],
    ["a style sheet", () => drawing(`<rect ${ALL}/>`, '<?xml-stylesheet href="secret.css" type="text/css"?>')],
    ["an inclusion", () => drawing(`<xi:include ${XI} href="secret.svg"/>`)],
    ["text by inclusion", () => drawing(`<text y="20"><xi:include ${XI} href="secret.txt" parse="text"/></text>`)],
  ])("leaves it out: %s", async (_what, text) => {
    const { bytes } = await drawn(text());
    expect(bytes.includes(Buffer.from(SECRET))).toBe(false);
    // Black is what a rectangle is drawn in that found no style.
    expect([...new Set(bytes)].every((value) => value === 0 || value === 255)).toBe(true);
  });

  it.each([
    ["an entity", (path: string) => entity(`<!ENTITY x SYSTEM "${path}">`)],
    ["an entity of the document type", (path: string) => entity(`<!ENTITY % d SYSTEM "${path}"> %d;`)],
  ])("is refused when it is %s, and does not tell what the file holds", async (_what, text) => {
    const failure = drawn(text(file("secret.txt"))).catch((error: unknown) => error);
    expect(await failure).toMatchObject({ code: "SOURCE_DAMAGED" });
    expect(JSON.stringify(await failure)).not.toContain("a secret");
  });

  it("asks nobody on the net", async () => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.end();
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await drawn(drawing(`<image href="${url}/a.png" ${ALL}/><use href="${url}/a.svg#a"/>`));
    await drawn(drawing(`<rect ${ALL}/>`, `<!DOCTYPE svg SYSTEM "${url}/svg.dtd">`));
    expect(asked).toBe(0);
  });
});

describe("a drawing beyond every measure", () => {
  const sized = (size: string): string => `<svg xmlns="http://www.w3.org/2000/svg" ${size}><rect ${ALL}/></svg>`;

  it.each([
    ["SOURCE_TOO_MANY_PIXELS", "is too large", sized('width="30000" height="30000"')],
    ["SOURCE_TOO_LONG", "is too wide", sized('width="100000" height="10"')],
    ["SOURCE_DAMAGED", "has no area", sized('width="0" height="0"')],
    ["SOURCE_DAMAGED", "is nested without end", drawing("<g>".repeat(100_000) + "</g>".repeat(100_000))],
    ["SOURCE_DAMAGED", "is made of entities that multiply", laughs()],
  ])("is refused with %s when it %s", async (code, _how, text) => {
    await expect(drawn(text)).rejects.toMatchObject({ code });
  });

  it("is refused when it is gzipped: how much it unpacks to, nothing tells", async () => {
    const bytes = gzipSync(drawing(""));
    await expect(readHeader({ bytes, path: "/p" }, LIMITS)).rejects.toMatchObject({ code: "SOURCE_UNSUPPORTED" });
  });
});

const ALL = 'width="40" height="40"';
const F = 'filter="url(#f)"';
const XI = 'xmlns:xi="http://www.w3.org/2001/XInclude"';

function drawing(content: string, before = ""): string {
  const names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"';
  return `<?xml version="1.0"?>${before}<svg ${names} width="40" height="40">${content}</svg>`;
}

function entity(declaration: string): string {
  return drawing('<text y="20">&x;</text>', `<!DOCTYPE svg [${declaration}]>`);
}

/** Ten entities, each of ten of the one before. */
function laughs(): string {
  const names = [..."abcdefghij"];
  const declared = names.map((name, at) => `<!ENTITY ${name} "${at === 0 ? "ha" : `&${names[at - 1]};`.repeat(10)}">`);
  return drawing("<text>&j;</text>", `<!DOCTYPE svg [${declared.join("")}]>`);
}

async function drawn(text: string, size: Partial<Output> = {}): Promise<Raster> {
  const source = { bytes: Buffer.from(text), path: "/p" };
  const outputs = [{ file: "a.png", ...size }];
  const [made] = await render(source, planOutputs(outputs, await readHeader(source, LIMITS), LIMITS), LIMITS);
  return raster(made?.bytes ?? Buffer.alloc(0));
}
