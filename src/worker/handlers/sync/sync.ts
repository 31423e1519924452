/**
 * The handler `sync`: compares a directory of pictures with the outputs that a recipe makes of them, orders what is
 * missing or older than its source, and removes what was made of sources that are gone.
 *
 * It goes once through the directory and through what the sync before has written down, in the same order, and keeps
 * neither in memory. Killed anywhere, it is done again: what was ordered is known, and is queued once.
 */
import { posix } from "node:path";
import { SpooldError } from "../../../errors.ts";
import { findDuplicate, marksOf } from "../../../spool/marks.ts";
import type { JsonValue } from "../../../task/outcome.ts";
import type { BuiltInContext, GivenTask } from "../contract.ts";
import { type Comparing, compare, type Found } from "./compare.ts";
import { type Manifest, type NextManifest, openManifest } from "./manifest.ts";
import { createOrders } from "./orders.ts";
import { removeOutputs } from "./remove.ts";
import { digestOf, readRequest } from "./request.ts";
import { setUp } from "./setup.ts";
import { openStandings } from "./standings.ts";
import { createTally } from "./tally.ts";

/**
 * @returns what was done, or with `dryRun` what would be
 * @throws TASK_INVALID, SYNC_REFUSED, SOURCE_MISSING, SOURCE_UNREADABLE, PATH_OUTSIDE_ROOTS, RECIPE_MISSING, DISK_FULL …
 */
export async function sync(given: GivenTask, context: BuiltInContext): Promise<JsonValue> {
  const request = readRequest(given.data);
  const setup = await setUp(given, context, request);
  const { system, enqueue } = context;
  const { layout, root, taskOf, recipeDigest, batch } = setup;
  const { dryRun } = request;
  const manifest = await openManifest(system, layout, digestOf(request), `${given.number}-${given.attempt}`);
  const next = await manifest.startNext();
  const tally = createTally();
  const judging = {
    ...{ system, root, taskOf, standings: openStandings(system, layout) },
    isSameRecipe: manifest.about?.recipeDigest === recipeDigest,
  };
  const orders = createOrders({
    ...{ manifest, next, tally },
    enqueue: (task) => enqueue(task, { sizes: false }),
    dryRun: dryRun ? (task) => findDuplicate(system, layout, marksOf(task)) : null,
  });
  const comparing: Comparing = { context, request, setup, manifest, judging, orders, tally };
  try {
    const found = await compare(comparing);
    if (found.orphans.size > 0) await removeOrphans(comparing, found, next);
    else if (found.hasChanged && !dryRun) await next.commit(recipeDigest);
  } finally {
    await next.discard();
  }
  return tally.result({ dryRun, batch });
}

/** Removes what was made of sources that are gone, unless one that is there makes it too, and forgets them. */
async function removeOrphans(comparing: Comparing, { orphans }: Found, compared: NextManifest): Promise<void> {
  const { context, request, setup, manifest, judging, tally } = comparing;
  const { system, roots, spool, signal } = context;
  const { dryRun } = request;
  if (tally.scanned() === 0 && !request.allowEmpty)
    throw new SpooldError("SYNC_REFUSED", { from: request.from, known: orphans.size, because: NOTHING_LEFT });
  const claimed = await claimsOf(compared, orphans);
  const isClaimed = (file: string): boolean => claimed.has(posix.normalize(file));
  const removing = {
    system,
    roots,
    spool,
    standings: judging.standings,
    tally,
    dryRun,
    nameOf: setup.nameOf,
    isClaimed,
  };
  const forgotten = new Set<string>();
  for (const [path, source] of orphans) {
    signal.throwIfAborted();
    if (await removeOutputs(removing, source)) forgotten.add(path);
  }
  if (!dryRun) await rewrite(manifest, compared, { recipeDigest: setup.recipeDigest, forgotten, isClaimed });
}

const NOTHING_LEFT = "no picture is left in it; is it mounted? `allowEmpty` removes all outputs";

/** The outputs of orphans that other sources make. */
async function claimsOf(compared: NextManifest, orphans: Found["orphans"]): Promise<ReadonlySet<string>> {
  const all = [...orphans.values()].flatMap(({ outputs, former }) => [...outputs, ...former]);
  const files = new Set(all.map(({ file }) => posix.normalize(file)));
  const claimed = new Set<string>();
  for await (const { path, outputs } of compared.reread())
    if (!orphans.has(path))
      for (const { file } of outputs) if (files.has(posix.normalize(file))) claimed.add(posix.normalize(file));
  return claimed;
}

interface Rewriting {
  readonly recipeDigest: string;
  readonly forgotten: ReadonlySet<string>;
  readonly isClaimed: (file: string) => boolean;
}

/** What another source has written over is made again: it is not known whose picture lies there. */
async function rewrite(manifest: Manifest, compared: NextManifest, rewriting: Rewriting): Promise<void> {
  const { recipeDigest, forgotten, isClaimed } = rewriting;
  const last = await manifest.startNext();
  try {
    for await (const source of compared.reread()) {
      if (forgotten.has(source.path)) continue;
      const isShared = source.outputs.some(({ file }) => isClaimed(file));
      await last.add(isShared ? { ...source, state: null } : source);
    }
    await last.commit(recipeDigest);
  } finally {
    await last.discard();
  }
}
