/** What is written down about a task that has ended: it is whole, it is about that task, and attempts are within limits. */
import { dirname, join } from "node:path";
import type { Findings } from "./findings.ts";
import { bytesOf, listIn, type Members, membersOf, sha256 } from "./json.ts";
import { type Accepted, filesOf } from "./ledger.ts";
import { type Memory, remember } from "./states.ts";
import type { Place, Survey } from "./survey.ts";

/** What the daemon was told to allow, where a task does not say it itself. */
export interface Limits {
  readonly maxAttempts: number;
  readonly maxCrashes: number;
}

/** A receipt, as far as it is looked at. */
export interface EndedTask {
  readonly number: number;
  readonly receipt: Members;
}

export interface Ended {
  readonly receipts: readonly EndedTask[];
  /**
   * Files that tasks name which have not ended, or whose daemon died at them before they failed: what lies there may be
   * theirs. Any other task that has failed has published nothing.
   */
  readonly unsure: ReadonlySet<string>;
}

/** An attempt of a task that took the worker or the daemon down. */
const CRASHES: readonly unknown[] = ["crashed", "orphaned"];

interface Sight {
  readonly findings: Findings;
  readonly memory: Memory;
  readonly limits: Limits;
  /** What its producer has written down of it. */
  readonly told: Accepted | undefined;
}

/** Reads receipts and reasons, and what is under way. */
export async function checkRecords(
  { places }: Survey,
  accepted: readonly Accepted[],
  given: Omit<Sight, "told">,
): Promise<Ended> {
  const tellings = new Map(accepted.map((each) => [each.number, each]));
  const receipts: EndedTask[] = [];
  const unsure = new Set<string>();
  for (const place of [...places.values()].flat()) {
    const sight: Sight = { ...given, told: tellings.get(place.number) };
    if (place.state === "done") {
      const receipt = await checkReceipt(place, sight);
      if (receipt !== undefined) receipts.push({ number: place.number, receipt });
      continue;
    }
    const task = membersOf((await bytesOf(place.path))?.toString() ?? "") ?? {};
    const isPublished = place.state !== "failed" || (await checkReason(place, task, sight));
    if (isPublished) for (const file of filesOf(task)) unsure.add(file);
    const limit = mostAttempts(task, given.limits);
    if (place.attempt > limit) given.findings.say(`number ${place.number} is at attempt ${place.attempt} of ${limit}`);
  }
  return { receipts, unsure };
}

async function checkReceipt(place: Place, sight: Sight): Promise<Members | undefined> {
  const { number, path } = place;
  const { findings, memory, limits, told } = sight;
  const bytes = await bytesOf(path);
  const receipt = membersOf(bytes?.toString() ?? "");
  if (bytes === undefined || receipt === undefined) {
    findings.say(`the receipt of number ${number} is not whole`);
    return undefined;
  }
  remember(`receipt ${number}`, sha256(bytes), findings, memory);
  remember(`key ${number}`, String(receipt["key"]), findings, memory);
  const { number: said, status, attempts, summary: about } = receipt;
  if (said !== number) findings.say(`the receipt of number ${number} is that of ${String(said)}`);
  if (told !== undefined && about !== told.summary)
    findings.say(`the receipt of number ${number} is that of another task`);
  if (!["done", "fresh", "cancelled"].includes(String(status)))
    findings.say(`number ${number} ended as ${String(status)}`);
  findings.count(`ended ${String(status)}`);
  const earlier = listIn(receipt["earlier"]);
  checkAttempts(number, earlier, findings);
  const crashes = crashesIn(earlier);
  // One more would have made it a dead letter.
  if (crashes >= limits.maxCrashes) findings.say(`number ${number} was done after ${crashes} crashes`);
  if (status !== "cancelled" && typeof attempts === "number") {
    findings.count("attemptsRepeated", attempts - 1);
    if (earlier.length !== attempts - 1)
      findings.say(`number ${number} tells of ${earlier.length} of ${attempts - 1} attempts`);
    // Of a task that nobody tells of it is not known any more how many it allowed itself.
    const most = told === undefined ? attempts : (told.maxAttempts ?? limits.maxAttempts);
    if (attempts > most) findings.say(`number ${number} took ${attempts} attempts, and ${most} are allowed`);
  }
  return receipt;
}

/** @returns whether the daemon died at it, perhaps while it published */
async function checkReason(place: Place, task: Members, { findings, limits, told }: Sight): Promise<boolean> {
  const { number, path } = place;
  const reason = membersOf((await bytesOf(join(dirname(path), `${number}.reason.json`)))?.toString() ?? "");
  if (reason === undefined) {
    findings.say(`number ${number} lies in failed/ with no reason`);
    return false;
  }
  if (reason["number"] !== number)
    findings.say(`the reason of number ${number} is that of ${String(reason["number"])}`);
  if (told !== undefined && reason["summary"] !== told.summary)
    findings.say(`the reason of number ${number} is another task's`);
  const { code } = { ...(reason["error"] as Members | undefined) };
  if (typeof code !== "string") findings.say(`number ${number} failed for no reason`);
  else findings.count(`failed ${code}`);
  const attempts = listIn(reason["attempts"]);
  checkAttempts(number, attempts, findings);
  findings.count("attemptsRepeated", Math.max(0, attempts.length - 1));
  const [most, crashes] = [mostAttempts(task, limits), crashesIn(attempts)];
  if (attempts.length > most)
    findings.say(`number ${number} was tried ${attempts.length} times, and ${most} are allowed`);
  if (crashes > limits.maxCrashes) findings.say(`number ${number} has crashed ${crashes} times before it was given up`);
  const isForGood = code !== "WORKER_CRASHED" && code !== "DAEMON_CRASHED";
  if (!isForGood && crashes < limits.maxCrashes && attempts.length < most)
    findings.say(`number ${number} was given up after ${crashes} crashes of ${limits.maxCrashes}`);
  return attempts.some(({ outcome }) => outcome === "orphaned");
}

/** Attempts are counted: each is written down once, in its order. */
function checkAttempts(number: number, attempts: readonly Members[], { say }: Findings): void {
  const counted = attempts.map(({ attempt }) => Number(attempt));
  if (counted.some((attempt, index) => attempt !== index + 1))
    say(`number ${number} has attempts ${counted.join(", ")} on record`);
}

function mostAttempts(task: Members, { maxAttempts }: Limits): number {
  return typeof task["maxAttempts"] === "number" ? task["maxAttempts"] : maxAttempts;
}

function crashesIn(attempts: readonly Members[]): number {
  return attempts.filter(({ outcome }) => CRASHES.includes(outcome)).length;
}
