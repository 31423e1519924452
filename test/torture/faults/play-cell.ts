/** Plays one cell: a fault is put to one place, and what comes of it is held against what is designed. */
import { join } from "node:path";
import { daemonArgs, plainEnv } from "../crash/daemon-run.ts";
import { faultsAtRest } from "../crash/judge.ts";
import { type Lane, placed, placeless, restore } from "../crash/lane.ts";
import { groupsOf, startProducer, toldIn, waitingIn } from "../crash/producer.ts";
import { producing } from "../crash/producing.ts";
import type { Expected } from "../crash/scene.ts";
import { formsOf } from "../strace/calls.ts";
import { type Aim, startTraced, startTracedWorker } from "../strace/traced.ts";
import { type Cell, nameOf, type Reaction } from "./cells.ts";
import type { Role } from "./roles.ts";
import { type Played, seeDaemonThrough } from "./see-through.ts";

/** A lane in which cells are played. */
export interface Stage {
  readonly lane: Lane;
  readonly expected: Expected;
  readonly roles: ReadonlyMap<string, Role>;
}

/** What a cell has come to. */
export interface CellEnd extends Played {
  readonly name: string;
  readonly expected: Reaction;
}

export async function playCell(stage: Stage, cell: Cell): Promise<CellEnd> {
  const { lane } = stage;
  await restore(lane);
  const aim = await aimAt(stage, cell);
  const played = cell.who === "producer" ? await playProducer(lane, aim) : await playDaemon(stage, cell, aim);
  const { expected } = cell;
  const faults = [...played.faults];
  if (played.delivered === 0) faults.push("the fault was not delivered");
  else if (!expected.split("|").includes(played.reaction))
    faults.push(`it came to ${played.reaction}, and not to ${expected}`);
  return { name: nameOf(cell), expected, ...played, faults };
}

/** How long a call takes that is slow. */
const SLOW_MS = 300;

/** For good: of a temporary all fail that follow it as well, else all calls at that path. */
async function aimAt({ lane, roles }: Stage, { place, errno, forGood }: Cell): Promise<Aim> {
  const role = roles.get(place.role);
  if (role === undefined) throw new Error(`nobody calls ${place.role}`);
  const { call, nth, ...there } = await placed(lane, role.call);
  if (errno === "SLOW") return { call, nth: 1, blow: { kind: "delay", ms: SLOW_MS, forGood } };
  const blow = { kind: "error", errno, forGood } as const;
  const paths = formsOf(there).flatMap((path) => (forGood ? familyOf(path) : [path]));
  return { call, paths, nth, blow };
}

/** Temporaries have a name of their own at each attempt: the next ones are met as well. */
function familyOf(path: string): readonly string[] {
  const [, before, count, after] = /^(.*\/00000000-0000-4000-8000-)(\d{12})(\.json)$/.exec(path) ?? [];
  if (before !== undefined)
    return Array.from(
      { length: 80 },
      (_, more) => `${before}${String(Number(count) + more).padStart(12, "0")}${after}`,
    );
  const [, start, end] = /^(.*\/\.spoold-\w+-\d+-a)\d+(-.*)$/.exec(path) ?? [];
  return start === undefined ? [path] : [1, 2, 3, 4, 5].map((attempt) => `${start}${attempt}${end}`);
}

async function playProducer(lane: Lane, aim: Aim): Promise<Played> {
  const end = await startProducer(lane, aim).ended;
  const told = toldIn(end);
  const rejected = told.find(({ code }) => code !== null);
  const faults = end.exit === 0 && end.stderr === "" ? [] : [`it ended with ${end.exit}: ${end.stderr}`];
  await producing.note?.(lane, end);
  const groups = await groupsOf(lane);
  const refused = told.filter(({ code }) => code !== null).map(({ group, place }) => groups[group]?.[place]?.summary);
  for (const { summary } of await waitingIn(lane))
    if (refused.includes(summary)) faults.push(`"${summary}" was rejected, and queued nevertheless`);
  const accepted = {
    ...end,
    stdout: end.stdout
      .split("\n")
      .filter((line) => !/"\]$/.test(line))
      .join("\n"),
  };
  const next = await producing.goOn(lane, { ends: new Map(), rejected: new Map() }, accepted);
  faults.push(...next.faults, ...(await faultsAtRest(lane, { expected: next.expected, memory: new Map() })));
  return { reaction: rejected === undefined ? "absorbed" : `rejected ${rejected.code}`, delivered: end.hits, faults };
}

async function playDaemon({ lane, expected }: Stage, cell: Cell, aim: Aim): Promise<Played> {
  const log = join(lane.desk, "strace.txt");
  const run = { args: daemonArgs(lane, 1), directory: lane.work, log, env: plainEnv(), aim };
  const traced = (cell.who === "worker" ? startTracedWorker : startTraced)(run);
  const trouble = { hits: traced.hits, take: traced.letGo, lastsMs: cell.forGood ? HOLD_MS : null };
  return seeDaemonThrough({ lane, expected }, { child: traced.child, ended: traced.ended }, trouble);
}

/** How long a fault that stays lasts on after it has shown. */
const HOLD_MS = 400;

/** The roles of a run in a lane, in a form that holds after it was restored. */
export async function rememberRoles(lane: Lane, roles: ReadonlyMap<string, Role>): Promise<ReadonlyMap<string, Role>> {
  const kept = new Map<string, Role>();
  for (const [name, role] of roles) {
    const address = await placeless(lane, role.call);
    if (address !== undefined) kept.set(name, { ...role, call: { ...role.call, ...address } });
  }
  return kept;
}
