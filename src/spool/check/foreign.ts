import { basename, join } from "node:path";
import { ignoring } from "../../system.ts";
import { readName } from "../../task/name.ts";
import { type Layout, STATES } from "../layout.ts";
import type { Check } from "./context.ts";
import type { Finding } from "./finding.ts";

/** What lies in `run/`. */
const RUN = [
  /^(?:add|daemon)\.lock$/,
  /^owner\.(?:json|[1-9]\d{0,14}\.(?:json|released))$/,
  /^sequence\.(?:0|[1-9]\d{0,14})$/,
  /^(?:attempts|batches|begun|dedupe|fresh|pruned|pruned-at|schedule|sync|spoold\.sock)$/,
];

/** What spoold does not know where it lies. It is left alone, by everybody. */
export const checkForeign: Check = async ({ system, layout, survey }) => {
  const known = ownNames(layout);
  const inRoot = await system.fs.readdir(layout.root);
  const inRun = (await ignoring(["ENOENT"], system.fs.readdir(layout.run))) ?? [];
  const paths = [
    ...survey.foreign,
    ...inRoot.filter((name) => !isTemporary(name) && !known.has(name)).map((name) => join(layout.root, name)),
    ...inRun.filter((name) => !isTemporary(name) && !isKnownInRun(name)).map((name) => join(layout.run, name)),
  ];
  return paths.map((path): Finding => ({ code: "foreign-file", path, tells: "it is left alone" }));
};

/** Whether it is what spoold itself keeps in `run/`. */
export function isKnownInRun(name: string): boolean {
  return RUN.some((pattern) => pattern.test(name));
}

function isTemporary(name: string): boolean {
  return readName(name).kind === "temporary";
}

function ownNames({ settingsFile, scheduleFile, pauseFile, recipes, handlers, tmp, run }: Layout): ReadonlySet<string> {
  const others = [settingsFile, scheduleFile, pauseFile, recipes, handlers, tmp, run];
  return new Set([...STATES, ...others.map((path) => basename(path))]);
}
