/**
 * A disk as a file system may leave it when the power goes: what was fsynced is there; of all else any part may be
 * missing, in any order.
 *
 *   names     each creation, link, rename and removal is there or not, until a directory that it changes was fsynced after
 *             it. Both halves of a rename are there or none: ext4, xfs and btrfs put them into one transaction, so that it
 *             is enough to fsync one of two directories. A removal takes away the very file that it removed, and no other
 *             that has the name now.
 *   content   each write is there, or not, or a part of it from its start, or as zeros of its length. It is durable when
 *             the file was fsynced after it.
 */
export interface Node {
  readonly kind: "file" | "directory" | "link";
  /** What a link says. */
  readonly target: string;
  /** What was there from the beginning. */
  readonly before: Buffer;
  readonly writes: Write[];
}

/** One write to a file, or one truncation where there is no data. */
interface Write extends Moment {
  readonly offset: number;
  readonly data: Buffer | null;
}

interface Effect {
  readonly directory: Node;
  readonly name: string;
  /** Null when the name is removed. */
  readonly node: Node | null;
  /** What had the name before. */
  readonly was: Node | null;
}

/** What happens to names at once. */
interface Change extends Moment {
  readonly effects: readonly Effect[];
}

interface Moment {
  readonly at: number;
  durableAt: number;
}

export interface Disk {
  readonly root: Node;
  readonly changes: readonly Change[];
  /** How many things have happened. */
  now(): number;
  change(effects: readonly Effect[]): void;
  write(node: Node, offset: number, data: Buffer | null): void;
  fsync(node: Node): void;
  /** Lets time pass: something was told to somebody. @returns when */
  tick(): number;
}

/** A file that says what is there. */
export interface Tree {
  readonly node: Node;
  readonly content: Buffer;
  readonly entries: ReadonlyMap<string, Tree>;
}

export function newNode(kind: Node["kind"], { target = "", before = Buffer.alloc(0) } = {}): Node {
  return { kind, target, before, writes: [] };
}

/** A disk on which only the root is there, durably. */
export function newDisk(): Disk {
  const changes: Change[] = [];
  let clock = 0;
  return {
    root: newNode("directory"),
    changes,
    now: () => clock,
    change(effects) {
      changes.push({ at: ++clock, durableAt: Number.POSITIVE_INFINITY, effects });
    },
    write(node, offset, data) {
      node.writes.push({ at: ++clock, durableAt: Number.POSITIVE_INFINITY, offset, data });
    },
    fsync(node) {
      clock += 1;
      for (const write of node.writes) write.durableAt = Math.min(write.durableAt, clock);
      for (const change of changes)
        if (change.effects.some(({ directory }) => directory === node))
          change.durableAt = Math.min(change.durableAt, clock);
    },
    tick: () => ++clock,
  };
}

/** What becomes of things that no fsync has made durable. */
export interface Fate {
  /** Of a change of names: `added` is the half of a rename that makes the new name. */
  change(index: number, of: number): "kept" | "lost" | "added";
  /** Of a write: how many of its bytes are kept, from 0 to 1; `zeros` when only its length is. */
  write(): number | "zeros";
}

/** What is found after the power went at a moment. */
export function afterLoss({ root, changes }: Disk, at: number, fate: Fate): Tree {
  const entries = new Map<Node, Map<string, Node>>();
  const of = (node: Node): Map<string, Node> => {
    const known = entries.get(node) ?? new Map<string, Node>();
    entries.set(node, known);
    return known;
  };
  const happened = changes.filter((change) => change.at <= at);
  const loose = happened.filter(({ durableAt }) => durableAt > at);
  const fates = new Map(loose.map((change, index) => [change, fate.change(index, loose.length)]));
  for (const change of happened) {
    const what = fates.get(change) ?? "kept";
    if (what === "lost") continue;
    for (const { directory, name, node, was } of change.effects) {
      if (node !== null) of(directory).set(name, node);
      else if (what === "kept" && of(directory).get(name) === was) of(directory).delete(name);
    }
  }
  const contents = new Map<Node, Buffer>();
  const treeOf = (node: Node): Tree => {
    const content = contents.get(node) ?? contentOf(node, at, fate);
    contents.set(node, content);
    return { node, content, entries: new Map([...of(node)].map(([name, child]) => [name, treeOf(child)])) };
  };
  return treeOf(root);
}

function contentOf({ before, writes }: Node, at: number, fate: Fate): Buffer {
  let content = before;
  for (const { offset, data, ...moment } of writes.filter((write) => write.at <= at)) {
    const kept = moment.durableAt <= at ? 1 : fate.write();
    if (data === null) content = kept === 0 ? content : content.subarray(0, offset);
    else if (kept !== 0)
      content = overwritten(content, offset, kept === "zeros" ? Buffer.alloc(data.length) : partOf(data, kept));
  }
  return content;
}

function partOf(data: Buffer, part: number): Buffer {
  return data.subarray(0, Math.round(part * data.length));
}

function overwritten(content: Buffer, offset: number, data: Buffer): Buffer {
  const made = Buffer.alloc(Math.max(content.length, offset + data.length));
  content.copy(made);
  data.copy(made, offset);
  return made;
}
