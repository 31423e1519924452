/**
 * The independent checker. It knows the program by what its README promises and by how its files lie on disk, and shares
 * no line with it: it reads the spool, the outputs, what producers and readers have written down, and the journals.
 */
import { join } from "node:path";
import { openFindings, type Verdict } from "./findings.ts";
import { checkJournals } from "./journal.ts";
import { type Accepted, readLedger } from "./ledger.ts";
import { checkLeftovers } from "./leftovers.ts";
import { checkOutputs, writtenIn } from "./outputs.ts";
import { checkRecords, type Limits } from "./records.ts";
import { checkSightings } from "./sightings.ts";
import { checkBytes, checkStates, type Memory } from "./states.ts";
import { survey, withArchives } from "./survey.ts";

export interface Evidence {
  readonly spool: string;
  /** The directory in which relative paths of tasks start, absolute; journals lie in its `journal/`. */
  readonly root: string;
  /** What producers have written down, a file each. */
  readonly ledgers: readonly string[];
  /** What readers have written down, a file each. */
  readonly readers?: readonly string[];
  /**
   * `midRun`: the daemon is dead or stopped and there is work left; producers may go on. Only what costs little is looked
   * at, no receipt and no output. `atRest`: everything has ended.
   */
  readonly when: "midRun" | "atRest";
  /** What the daemon allows; the defaults of its settings unless they say otherwise. */
  readonly limits?: Limits;
  /** Directories to which receipts were copied before they were pruned. */
  readonly archives?: readonly string[];
  /** What earlier looks have seen; this one adds to it. */
  readonly memory?: Memory;
}

/** As README tells them. */
const DEFAULT_LIMITS: Limits = { maxAttempts: 5, maxCrashes: 2 };

/** Looks whether a spool is what it is promised to be. */
export async function verify(evidence: Evidence): Promise<Verdict> {
  const { spool, root, ledgers, readers = [], archives = [], when } = evidence;
  const { limits = DEFAULT_LIMITS, memory = new Map() } = evidence;
  const isAtRest = when === "atRest";
  const findings = openFindings();
  // Before the spool is looked at: what a producer writes down meanwhile may not have been there then.
  const accepted: Accepted[] = (await Promise.all(ledgers.map(readLedger))).flat();
  const seen = await survey(spool);
  checkStates(seen, accepted, { findings, isAtRest });
  await checkBytes(seen, accepted, { findings, memory });
  await checkLeftovers({ spool, root }, { findings, isAtRest });
  if (!isAtRest) {
    await checkSightings(readers, undefined, findings);
    await checkJournals(join(root, "journal"), undefined, findings);
    return findings.verdict();
  }
  const known = await withArchives(seen, archives);
  const ended = await checkRecords(known, accepted, { findings, memory, limits });
  const written = writtenIn(ended);
  const unsure = new Set([...ended.unsure, ...outputsOfPruned(accepted, known)]);
  await checkOutputs(written, { unsure, root, findings });
  await checkSightings(readers, { written, unsure, root }, findings);
  await checkJournals(join(root, "journal"), ended.receipts, findings);
  return findings.verdict();
}

/** What they have written is not known any more. */
function outputsOfPruned(accepted: readonly Accepted[], { places }: Awaited<ReturnType<typeof survey>>): string[] {
  return accepted.flatMap(({ number, outputs }) => (places.has(number) ? [] : outputs));
}
