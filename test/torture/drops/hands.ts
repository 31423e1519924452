/** The hands by which files come into a directory: shell tools, editors, programs. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, open, rename, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ignoring } from "../../../src/system.ts";
import type { PlannedDrop } from "./drop-plan.ts";

/** What is known of a drop when its hand is done with it. */
export interface Dropped {
  /** A moment before the last change to the file, in ms since epoch. */
  readonly lastChangeAtMs: number;
  /** The longest time in which the unfinished file may have lain unchanged. */
  readonly longestRestMs: number;
  /** For how long the first version lay there whole; null when there was none. */
  readonly beforeLayMs: number | null;
  /** What it leaves beside the drop, which nobody may touch: content by name, null for a link. */
  readonly left: Readonly<Record<string, Buffer | null>>;
}

/** Where a hand works. */
export interface Place {
  readonly tasks: string;
  /** On the same file system. */
  readonly beside: string;
  readonly settleMs: number;
}

export type Hand = keyof typeof BY_HAND;

/** Puts a drop into `tasks/` as its plan says. */
export async function dropByHand(place: Place, drop: PlannedDrop): Promise<Dropped> {
  const diary = openDiary();
  await BY_HAND[drop.hand]({ ...place, drop, diary, path: join(place.tasks, drop.name) });
  return diary.close();
}

interface Work extends Place {
  readonly drop: PlannedDrop;
  readonly diary: Diary;
  readonly path: string;
}

interface Diary {
  /** Before each change. */
  note(): void;
  /** Before and after the time in which the first version lies there. */
  before(lies: boolean): void;
  /** Of a program that notes nothing itself. @param atLeast a moment before its last change */
  ran(atLeast: number): void;
  /** What stays beside the drop. @param bytes null for a link */
  leaves(name: string, bytes: Buffer | null): void;
  close(): Dropped;
}

function openDiary(): Diary {
  let last = Date.now();
  let longest = 0;
  let began: number | null = null;
  let lay: number | null = null;
  const left: Record<string, Buffer | null> = {};
  return {
    note() {
      const now = Date.now();
      longest = Math.max(longest, now - last);
      last = now;
    },
    before(lies) {
      if (lies) began = Date.now();
      else lay = Date.now() - (began ?? 0);
    },
    ran(atLeast) {
      longest = Date.now() - last;
      last = atLeast;
    },
    leaves(name, bytes) {
      left[name] = bytes;
    },
    close: () => ({ lastChangeAtMs: last, longestRestMs: longest, beforeLayMs: lay, left }),
  };
}

const BY_HAND = {
  async append({ drop, diary, path }: Work) {
    const handle = await open(path, "a");
    for (const piece of piecesOf(drop)) {
      await piece.rest();
      diary.note();
      await handle.write(piece.bytes);
    }
    await handle.close();
  },
  async reopen({ drop, diary, path }: Work) {
    for (const piece of piecesOf(drop)) {
      await piece.rest();
      diary.note();
      await appendFile(path, piece.bytes);
    }
  },
  /** As a download does that knows the size: the rest is zeros. */
  async sparse({ drop, diary, path }: Work) {
    await writeAt(path, drop, diary, piecesOf(drop));
  },
  async backwards({ drop, diary, path }: Work) {
    await writeAt(path, drop, diary, piecesOf(drop).reverse());
  },
  /** Whole at first, and before it has settled truncated and written anew. */
  async rewrite({ drop, diary, path, settleMs }: Work) {
    await layBefore(path, drop, diary, settleMs);
    await writeFile(path, "");
    diary.before(false);
    await BY_HAND.append({ drop, diary, path, settleMs, tasks: "", beside: "" });
  },
  /** Replaced by a rename before it has settled. */
  async "rename over"({ drop, diary, path, beside, settleMs }: Work) {
    await writeFile(join(beside, `${drop.index}`), drop.bytes);
    await layBefore(path, drop, diary, settleMs);
    diary.note();
    await rename(join(beside, `${drop.index}`), path);
    diary.before(false);
  },
  async part({ drop, diary, path }: Work) {
    await BY_HAND.append({ drop, diary, path: `${path}.part`, tasks: "", beside: "", settleMs: 0 });
    diary.note();
    await rename(`${path}.part`, path);
  },
  async gedit({ drop, diary, path, tasks }: Work) {
    const temporary = join(tasks, `.goutputstream-${drop.index}`);
    await BY_HAND.append({ drop, diary, path: temporary, tasks: "", beside: "", settleMs: 0 });
    diary.note();
    await rename(temporary, path);
  },
  /** A swap file, the old version renamed to a backup, the new one written under the name. */
  async vim({ drop, diary, path, tasks, settleMs }: Work) {
    const swap = join(tasks, `.${drop.name}.swp`);
    await writeFile(swap, `b0VIM 9.1${drop.name}`);
    await layBefore(path, drop, diary, settleMs);
    diary.note();
    // When it lay there too long, it has been taken.
    await ignoring(["ENOENT"], rename(path, `${path}~`));
    diary.before(false);
    await BY_HAND.append({ drop, diary, path, tasks, beside: "", settleMs });
    await unlink(swap);
    if (drop.isUntidy) return diary.leaves(`${drop.name}~`, drop.before);
    await ignoring(["ENOENT"], unlink(`${path}~`));
  },
  /** A link that leads nowhere as lock, what was not saved yet beside it, then as vim does. */
  async emacs({ drop, diary, path, tasks, settleMs }: Work) {
    const [lock, unsaved] = [`.#${drop.name}`, `#${drop.name}#`];
    await symlink("alice@host.4711:1795251600", join(tasks, lock));
    await writeFile(join(tasks, unsaved), drop.bytes);
    await BY_HAND.append({ drop, diary, path, tasks, beside: "", settleMs });
    for (const [name, bytes] of [
      [lock, null],
      [unsaved, drop.bytes],
    ] as const) {
      if (drop.isUntidy) diary.leaves(name, bytes);
      else await unlink(join(tasks, name));
    }
  },
  async "sh cp"(work: Work) {
    await shell(work, 'cp "$1" "$2"');
  },
  async "sh cp -p"(work: Work) {
    await shell(work, 'touch -d "2001-01-01" "$1"; cp -p "$1" "$2"');
  },
  async "sh mv"(work: Work) {
    await shell(work, 'mv "$1" "$2"');
  },
  async "sh cat"(work: Work) {
    const { drop } = work;
    const lines = spans(drop).map(
      ([from, to, pause]) => `sleep ${pause / 1_000}; tail -c +${from + 1} "$1" | head -c ${to - from} | cat >> "$2"`,
    );
    await shell(work, `: > "$2"; ${lines.join("\n")}`, sum(drop.pausesMs));
  },
  async "sh dd"(work: Work) {
    const { drop } = work;
    const lines = spans(drop).map(
      ([from, to, pause]) =>
        `sleep ${pause / 1_000}; dd if="$1" of="$2" conv=notrunc iflag=skip_bytes,count_bytes,fullblock oflag=seek_bytes skip=${from} seek=${from} count=${to - from} status=none`,
    );
    await shell(work, `: > "$2"; ${lines.join("\n")}`, sum(drop.pausesMs));
  },
} satisfies Record<string, (work: Work) => Promise<void>>;

export const HANDS = Object.keys(BY_HAND) as readonly Hand[];

/** Each piece: where it begins and ends, and the pause before it. */
function spans({ bytes, cuts, pausesMs }: PlannedDrop): [number, number, number][] {
  const starts = [0, ...cuts];
  return starts.map((from, at) => [from, starts[at + 1] ?? bytes.length, at === 0 ? 0 : (pausesMs[at - 1] ?? 0)]);
}

interface Piece {
  readonly bytes: Buffer;
  readonly from: number;
  rest(): Promise<void>;
}

function piecesOf(drop: PlannedDrop): Piece[] {
  const rest = (ms: number) => async (): Promise<void> => void (ms > 0 && (await sleep(ms)));
  return spans(drop).map(([from, to, ms]) => ({ from, bytes: drop.bytes.subarray(from, to), rest: rest(ms) }));
}

async function writeAt(path: string, { bytes }: PlannedDrop, diary: Diary, pieces: readonly Piece[]): Promise<void> {
  const handle = await open(path, "w");
  diary.note();
  await handle.truncate(bytes.length);
  for (const piece of pieces) {
    await piece.rest();
    diary.note();
    await handle.write(piece.bytes, 0, piece.bytes.length, piece.from);
  }
  await handle.close();
}

/** A whole task that lies there for less than it needs to settle. */
async function layBefore(path: string, drop: PlannedDrop, diary: Diary, settleMs: number): Promise<void> {
  diary.before(true);
  await writeFile(path, drop.before);
  await sleep(settleMs * 0.3);
}

/** Runs a script with the finished bytes as `$1` and the drop as `$2`. @param atLeastMs what its pauses come to */
async function shell({ drop, diary, path, beside }: Work, script: string, atLeastMs = 0): Promise<void> {
  const source = join(beside, `${drop.index}`);
  await writeFile(source, drop.bytes);
  const startedAtMs = Date.now();
  const child = spawn("sh", ["-euc", script, "sh", source, path], { stdio: ["ignore", "ignore", "pipe"] });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint += text;
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`a shell ended with ${code}: ${complaint}`);
  diary.ran(startedAtMs + atLeastMs);
}

function sum(list: readonly number[]): number {
  return list.reduce((total, each) => total + each, 0);
}
