import { createHash } from "node:crypto";
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Node, Tree } from "./disk.ts";

/** Puts what a loss of power has left into a directory that does not exist. */
export function materialise(tree: Tree, directory: string): void {
  const placed = new Map<Node, string>();
  const put = ({ node, content, entries }: Tree, path: string): void => {
    const first = placed.get(node);
    placed.set(node, path);
    if (node.kind === "directory") {
      mkdirSync(path, { mode: 0o700 });
      for (const [name, child] of entries) put(child, join(path, name));
    } else if (first !== undefined) linkSync(first, path);
    else if (node.kind === "link") symlinkSync(node.target, path);
    else writeFileSync(path, content, { mode: 0o600 });
  };
  put(tree, directory);
}

/** The same for two trees when nobody can tell them apart, whatever random names they hold. */
export function fingerprintOf(tree: Tree): string {
  const digest = createHash("sha256");
  const add = ({ node, content, entries }: Tree, name: string): void => {
    digest.update(`${name}\0${node.kind}\0${node.target}\0${content.length}\0`).update(content);
    for (const [each, child] of [...entries].sort(([a], [b]) => (a < b ? -1 : 1))) add(child, `${name}/${each}`);
  };
  add(tree, "");
  return digest.digest("hex");
}

/** What is there, a line for each name. */
export function tell({ node, content, entries }: Tree, path = "."): string[] {
  const what =
    node.kind === "directory" ? "" : node.kind === "link" ? ` -> ${node.target}` : ` ${content.length} bytes`;
  return [`${path}${what}`, ...[...entries].flatMap(([name, child]) => tell(child, `${path}/${name}`))];
}
