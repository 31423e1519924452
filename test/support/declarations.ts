/** Reads sharp's own type declarations, as far as the vocabulary is compared with them. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const text = readFileSync(fileURLToPath(new URL("./index.d.mts", import.meta.resolve("sharp"))), "utf8").replace(
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
  "",
);

/** The members of one of sharp's interfaces, not those it inherits. */
export function membersOfInterface(name: string): string[] {
  const body = new RegExp(`export interface ${name}\\b[^{]*\\{\\n([\\s\\S]*?)\\n\\}`).exec(text)?.[1];
  if (body === undefined) throw new Error(`sharp declares no interface ${name} any more`);
  const members = [...body.matchAll(/^ {2,4}(?:'([\w-]+)'|(\w+))[?(:<]/gm)].map(([, quoted, plain]) => quoted ?? plain);
  return [...new Set(members.map(String))];
}

/** The words of one of sharp's types that is a choice of words. */
export function wordsOfType(name: string): string[] {
  const body = new RegExp(`export type ${name} =([^;]*);`).exec(text)?.[1];
  if (body === undefined) throw new Error(`sharp declares no type ${name} any more`);
  return [...body.matchAll(/'([^']+)'/g)].map(([, word]) => String(word));
}

/** The words that the members of one of sharp's interfaces stand for. */
export function wordsOfInterface(name: string): string[] {
  const body = new RegExp(`export interface ${name} \\{\\n([\\s\\S]*?)\\n\\}`).exec(text)?.[1] ?? "";
  return [...body.matchAll(/: '([^']+)';/g)].map(([, word]) => String(word));
}
