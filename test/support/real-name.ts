import { readlinkSync } from "node:fs";

/** The path that a call means, when it goes through a directory that is open: see `src/image/confined.ts`. */
export function realName(path: unknown): string {
  const [, directory, rest = ""] = /^(\/proc\/self\/fd\/\d+)(\/.*)?$/.exec(String(path)) ?? [];
  return directory === undefined ? String(path) : `${readlinkSync(directory)}${rest}`;
}
