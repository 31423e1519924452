import { setImmediate as nextTurn } from "node:timers/promises";
import { SpooldError } from "../../../errors.ts";
import type { BuiltInContext } from "../contract.ts";
import { createAbsences } from "./gone.ts";
import { type JudgeContext, judge } from "./judge.ts";
import type { KnownSource } from "./known-source.ts";
import type { Manifest } from "./manifest.ts";
import type { Orders } from "./orders.ts";
import type { SyncRequest } from "./request.ts";
import type { Setup } from "./setup.ts";
import type { Tally } from "./tally.ts";
import { comparePaths, type FoundSource, walkSources } from "./walk.ts";

export interface Comparing {
  readonly context: BuiltInContext;
  readonly request: SyncRequest;
  readonly setup: Setup;
  readonly manifest: Manifest;
  readonly judging: JudgeContext;
  readonly orders: Orders;
  readonly tally: Tally;
}

/** What a comparison has found beside what it has ordered. */
export interface Found {
  /** Sources that are gone, by their paths; only looked for when their outputs are to be removed. */
  readonly orphans: ReadonlyMap<string, KnownSource>;
  /** Whether anything is known otherwise than before. */
  readonly hasChanged: boolean;
}

/** So many sources are looked at without giving others a turn: a deadline, and whoever wants this to be given up. */
const MAX_TURN = 64;
/** A file that seems to be changed later than this from now says nothing: some clock is wrong. */
const MAX_AHEAD_MS = 24 * 60 * 60 * 1_000;

/** Goes through sources and manifest side by side. @throws the signal's reason when it aborts */
export async function compare({
  context,
  request,
  setup,
  manifest,
  judging,
  orders,
  tally,
}: Comparing): Promise<Found> {
  const { system, signal, progress } = context;
  const absenceOf = createAbsences(system, setup.walk.directory);
  const orphans = new Map<string, KnownSource>();
  const expected = manifest.about?.sources ?? 0;
  let hasChanged = manifest.hasJournal || manifest.about?.recipeDigest !== setup.recipeDigest;
  let turn = 0;
  const unreadable = (path: string, because: string): void =>
    tally.list("left", { file: setup.nameOf(path), because: `the directory cannot be read: ${because}` });

  const known = manifest.sources();
  try {
    let next = await known.next();
    for await (const source of walkSources(system, { ...setup.walk, unreadable })) {
      for (; !next.done && comparePaths(next.value.path, source.path) < 0; next = await known.next())
        await absent(next.value);
      const before = !next.done && next.value.path === source.path ? next.value : undefined;
      await present(source, before);
      if (before !== undefined) next = await known.next();
    }
    for (; !next.done; next = await known.next()) await absent(next.value);
    await orders.flush();
  } finally {
    await known.return(undefined);
  }
  return { orphans, hasChanged };

  async function present(source: FoundSource, before: KnownSource | undefined): Promise<void> {
    await takeTurn();
    tally.count("scanned");
    const ageMs = system.nowMs() - source.changedAtMs;
    if (ageMs < request.settleMs && ageMs > -MAX_AHEAD_MS) {
      tally.count("unsettled");
      if (before !== undefined) await orders.keep(before);
      return;
    }
    const judgement = await judgementOf(source, before);
    if (judgement === undefined) return before === undefined ? undefined : orders.keep(before);
    if (judgement.known !== before) hasChanged = true;
    if (judgement.kind === "order") return orders.order(judgement.known, judgement.task, before);
    if (judgement.kind === "given up")
      tally.list("failed", { source: setup.nameOf(source.path), number: judgement.number });
    else tally.count(judgement.kind);
    await orders.keep(judgement.known);
  }

  /** @returns undefined for a source of which the recipe makes no task */
  async function judgementOf(source: FoundSource, before: KnownSource | undefined) {
    try {
      return await judge(judging, source, before);
    } catch (error) {
      if (!(error instanceof SpooldError) || error.code !== "TASK_INVALID") throw error;
      tally.list("left", { file: setup.nameOf(source.path), because: error.message });
      return undefined;
    }
  }

  async function absent(source: KnownSource): Promise<void> {
    await takeTurn();
    // It stays in the manifest until its outputs are removed.
    await orders.keep(source);
    if (!request.remove) return;
    const absence = await absenceOf(source.path);
    const isOrphan = absence === "gone" || (absence === "emptied" && request.allowEmpty);
    if (isOrphan) orphans.set(source.path, source);
    else if (absence === "emptied")
      tally.list("left", { file: setup.nameOf(source.path), because: "its directory is empty: it may not be mounted" });
  }

  async function takeTurn(): Promise<void> {
    turn += 1;
    if (turn % MAX_TURN !== 0) return;
    progress(turn / Math.max(turn + 1, expected), `${tally.scanned()} sources`);
    await nextTurn();
    signal.throwIfAborted();
  }
}
