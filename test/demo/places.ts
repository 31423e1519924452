import { mkdir, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The top of the repository, absolute. */
export const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));

const home = join(REPOSITORY, ".demo");

/** Everything that the demo makes lies in `.demo/`, which git ignores. Absolute paths. */
export const PLACES = {
  home,
  /** The pictures as a camera would have left them, some of them sideways. */
  photographs: join(home, "photographs"),
  /** Small copies of them with the turning left out, for the contact sheet. */
  asShot: join(home, "as-shot"),
  spool: join(home, "spool"),
  log: join(home, "spoold.log"),
  errors: join(home, "error.txt"),
  page: join(home, "index.html"),
  sheet: join(home, "contact-sheet.png"),
} as const;

/** Empties `.demo/`: no run sees what an earlier one left. */
export async function clearPlaces(): Promise<void> {
  await rm(PLACES.home, { recursive: true, force: true });
  for (const directory of [PLACES.photographs, PLACES.asShot]) await mkdir(directory, { recursive: true });
}

/** A path as a person at the top of the repository would type it. */
export function fromRepository(path: string): string {
  return relative(REPOSITORY, path);
}

/** A path as tasks and the page name it: relative to `.demo/`. */
export function fromHome(path: string): string {
  return relative(PLACES.home, path);
}
