import type { Settings } from "../config.ts";
import type { SerializedError } from "../errors.ts";
import type { System } from "../system.ts";
import type { AttemptId, RunRequest } from "../worker/protocol.ts";
import { type MemoryWatch, watchMemory } from "./memory-watch.ts";
import { startWorker, type Told, type WorkEnd, type WorkerProcess } from "./worker-process.ts";

/** An attempt to be run. */
export interface Work {
  readonly request: RunRequest;
  /** Whether no other attempt may be in the same worker: it may have taken one down. */
  readonly alone: boolean;
  /** Called when a worker is given it, with the worker's place among them, from 0. */
  readonly begun: (place: number) => void;
  /** Called with what the worker tells of it on the way. */
  readonly told: (message: Told) => void;
}

/** A fixed number of worker processes, each replaced when it dies or has worked enough. */
export interface Pool {
  /** How many attempts may be handed over now: one more than each ready worker is at, so that none waits for the next. */
  room(): number;
  /** How many workers are ready, busy or not. */
  ready(): number;
  /** Whether workers die at their start, again and again: nothing can be done until one of them does not. */
  isBroken(): boolean;
  /** Runs one attempt as soon as a worker is free, in the order of the calls. Never begun, it ends as interrupted. */
  run(work: Work): Promise<WorkEnd>;
  /**
   * Gives an attempt up that nobody wants any more: it ends as interrupted. One whose files are being written already
   * goes to its end.
   */
  abandon(id: AttemptId): void;
  /** Ends all attempts that no worker has begun as interrupted. */
  giveBack(): void;
  /** Kills every worker now; attempts under way end as interrupted. None is replaced. */
  killAll(): void;
  /** Ends the workers and waits until all are gone. */
  close(): Promise<void>;
}

export interface PoolEvents {
  /** There may be room for a task. */
  readonly free: () => void;
  /** The installation cannot work at all, for example because sharp is too old. */
  readonly unusable: (error: SerializedError) => void;
  /** A worker gets no more work: something that a handler had left behind in it went wrong. */
  readonly spent: (error: SerializedError) => void;
  /** A worker died before it was ready. `tries` such deaths in a row; the next try comes after `retryMs`. */
  readonly diedAtStart: (facts: {
    exitCode: number | null;
    signal: string | null;
    tries: number;
    retryMs: number;
  }) => void;
  /** Workers do not die at their start any more, after the pool was broken. */
  readonly mended: () => void;
}

export interface PoolOptions extends Pick<Settings, "workerMemory" | "recycleTasks" | "recycleBytes"> {
  readonly size: number;
  readonly env: NodeJS.ProcessEnv;
  readonly system: System;
}

/** A worker, and what the pool knows of it. */
interface Member {
  readonly worker: WorkerProcess;
  readonly place: number;
  wasReady: boolean;
  /** Attempts that it was given. */
  given: number;
  /** It gets no more work, and ends when it has done what it was given. */
  retired: boolean;
  /** Its attempt must be the only one in it. */
  alone: boolean;
}

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 30_000;
/** Deaths at the start in a row after which the fault is taken to be the machine's. */
const BROKEN_AFTER = 3;

/** Starts the workers. A worker that dies at its start is tried again ever more slowly, and costs no task an attempt. */
export function openPool({ size, env, system, ...limits }: PoolOptions, events: PoolEvents): Pool {
  const members = new Set<Member>();
  const retries = new Set<NodeJS.Timeout>();
  const line: { readonly work: Work; readonly end: (end: WorkEnd) => void }[] = [];
  const memory: MemoryWatch = watchMemory(system, limits, {
    busy: () => [...members].filter(({ worker }) => worker.unended() > 0).map(({ worker }) => worker),
    large: (worker) => [...members].filter((member) => member.worker === worker).forEach(retire),
  });
  let deathsAtStart = 0;
  let closing = false;

  for (let place = 0; place < size; place++) start(place);

  return {
    room: () => usable().reduce((room, member) => room + 1 + (isFree(member) ? 1 : 0), 0) - line.length,
    ready: () => usable().length,
    isBroken,
    run: (work) =>
      new Promise((end) => {
        // Claimed while the workers were being killed: nobody will ever come for it.
        if (closing) return end({ kind: "interrupted" });
        line.push({ work, end });
        advance();
      }),
    abandon(id) {
      const place = line.findIndex(({ work }) => work.request.number === id.number);
      if (place >= 0) line.splice(place, 1)[0]?.end({ kind: "interrupted" });
      for (const { worker } of members) worker.abandon(id);
    },
    giveBack,
    killAll() {
      shut();
      for (const { worker } of members) worker.kill({ kind: "interrupted" });
    },
    async close() {
      shut();
      await Promise.all([...members].map(({ worker }) => worker.close()));
    },
  };

  function usable(): readonly Member[] {
    return [...members].filter(({ wasReady, retired }) => wasReady && !retired);
  }

  function isFree({ worker, retired, alone }: Member): boolean {
    return worker.isFree() && !retired && (!alone || worker.unended() === 0);
  }

  function isBroken(): boolean {
    return deathsAtStart >= BROKEN_AFTER && usable().length === 0;
  }

  function advance(): void {
    for (let next = line[0]; next !== undefined; next = line[0]) {
      const { work, end } = next;
      // One that has nothing to write either comes first: its memory is free.
      const free = usable().filter((member) => isFree(member) && (!work.alone || member.worker.unended() === 0));
      const member = free.sort((a, b) => a.worker.unended() - b.worker.unended())[0];
      if (member === undefined) return;
      line.shift();
      member.alone = work.alone;
      member.given += 1;
      work.begun(member.place);
      memory.look();
      void member.worker.run(work.request, work.told).then(end);
      if (member.given >= limits.recycleTasks) retire(member);
    }
  }

  function giveBack(): void {
    for (const { end } of line.splice(0)) end({ kind: "interrupted" });
  }

  function shut(): void {
    closing = true;
    giveBack();
    memory.stop();
    for (const retry of retries) clearTimeout(retry);
  }

  /** The new one starts at once, so that the place is not empty for long. */
  function retire(member: Member): void {
    if (member.retired || closing) return;
    member.retired = true;
    start(member.place);
    endIfAtRest(member);
  }

  function endIfAtRest({ worker, retired }: Member): void {
    if (retired && worker.unended() === 0) void worker.close();
  }

  function start(place: number): void {
    if (closing) return;
    const worker = startWorker(env, {
      ready: () => {
        const wasBroken = isBroken();
        member.wasReady = true;
        deathsAtStart = 0;
        if (wasBroken) events.mended();
        tellFree();
      },
      free: () => {
        endIfAtRest(member);
        tellFree();
      },
      unusable: events.unusable,
      spent: (error) => {
        // A timer that fails again and again must not fill the log.
        if (!member.retired) events.spent(error);
        retire(member);
      },
      gone: (exitCode, signal) => {
        members.delete(member);
        if (!closing && !member.retired) replace(member, exitCode, signal);
      },
    });
    const member: Member = { worker, place, wasReady: false, given: 0, retired: false, alone: false };
    members.add(member);
  }

  function tellFree(): void {
    advance();
    events.free();
  }

  function replace({ wasReady, place }: Member, exitCode: number | null, signal: string | null): void {
    if (wasReady) return start(place);
    deathsAtStart += 1;
    const retryMs = Math.min(FIRST_RETRY_MS * 2 ** deathsAtStart, MAX_RETRY_MS);
    events.diedAtStart({ exitCode, signal, tries: deathsAtStart, retryMs });
    if (isBroken()) giveBack();
    const retry = setTimeout(() => {
      retries.delete(retry);
      start(place);
    }, retryMs);
    retries.add(retry);
  }
}
