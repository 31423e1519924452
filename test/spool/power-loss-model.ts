import { dirname } from "node:path";
import type { Operation } from "../support/recorder.ts";

/** What a reader finds at a path after the power has come back. */
export type Survivor = "whole" | "torn" | "directory";
/** Paths and what is there. */
export type Survivors = ReadonlyMap<string, Survivor>;

interface Node {
  readonly entries: Map<string, Node> | null;
  /** Writes that must have reached the disk for the content to be whole. */
  readonly writes: Change[];
}

/** An operation as the disk sees it: by nodes, since names change. Changes of a rename stand or fall together. */
interface Change {
  readonly operation: Operation;
  readonly adds?: { readonly directory: Node; readonly path: string; readonly node: Node };
  readonly removes?: { readonly directory: Node; readonly path: string; readonly node: Node };
  /** The nodes that must have been fsynced for it to be durable. */
  readonly needs: readonly Node[];
}

/** Up to this many changes that are not durable, every subset of them is tried. */
const EXHAUSTIVE = 10;
const RANDOM_SUBSETS = 120;

/**
 * Loses the power after each operation of a recording, with every subset (many of them random) of the changes that no
 * fsync has made durable by then. Starts from an empty root.
 * @param check told what has survived, and which operations had been begun; throws when a promise is broken
 */
export function losePowerEverywhere(
  operations: readonly Operation[],
  check: (survivors: Survivors, before: readonly Operation[]) => void,
  seed = 1,
): void {
  const root = directoryNode();
  const { changes, fsyncs } = understand(operations, root);
  const random = generator(seed);
  for (let end = 0; end <= operations.length; end++) {
    const before = operations.slice(0, end);
    const happened = changes.filter(({ operation }) => before.includes(operation));
    const loose = happened.filter((change) => !isDurable(change, fsyncs, before));
    for (const lost of subsets(loose, random)) check(survive(root, happened, lost), before);
  }
}

function directoryNode(): Node {
  return { entries: new Map(), writes: [] };
}

/** Follows the operations by name once, so that each is known by the nodes that it touched. */
function understand(
  operations: readonly Operation[],
  root: Node,
): { changes: Change[]; fsyncs: { node: Node; operation: Operation }[] } {
  const tree = new Map<string, Node>([[".", root]]);
  const changes: Change[] = [];
  const fsyncs: { node: Node; operation: Operation }[] = [];
  const nodeAt = (path: string): Node => {
    const node = tree.get(path);
    if (node === undefined) throw new Error(`the recording touches ${path}, which it has not created`);
    return node;
  };
  const removal = (path: string) => ({ directory: nodeAt(dirname(path)), path, node: nodeAt(path) });
  const addition = (path: string, node: Node) => ({ directory: nodeAt(dirname(path)), path, node });
  const place = (path: string, operation: Operation, node: Node): void => {
    changes.push({ operation, adds: addition(path, node), needs: [nodeAt(dirname(path))] });
    tree.set(path, node);
  };
  for (const operation of operations) {
    const { verb, path, to = "" } = operation;
    if (verb === "create") place(path, operation, { entries: null, writes: [] });
    else if (verb === "mkdir") {
      const missing = ancestry(path).filter((directory) => !tree.has(directory));
      for (const directory of missing) place(directory, operation, directoryNode());
    } else if (verb === "link") place(to, operation, nodeAt(path));
    else if (verb === "write") {
      const change = { operation, needs: [nodeAt(path)] };
      nodeAt(path).writes.push(change);
      changes.push(change);
    } else if (verb === "fsync") fsyncs.push({ node: nodeAt(path), operation });
    else if (verb === "unlink") {
      changes.push({ operation, removes: removal(path), needs: [nodeAt(dirname(path))] });
      tree.delete(path);
    } else if (verb === "rename") {
      const node = nodeAt(path);
      const needs = [nodeAt(dirname(path)), nodeAt(dirname(to))];
      changes.push({ operation, removes: removal(path), adds: addition(to, node), needs });
      for (const [name, held] of [...tree]) {
        if (name !== path && !name.startsWith(`${path}/`)) continue;
        tree.delete(name);
        tree.set(`${to}${name.slice(path.length)}`, held);
      }
    }
  }
  return { changes, fsyncs };
}

function ancestry(path: string): string[] {
  return path === "." ? [] : [...ancestry(dirname(path)), path];
}

function isDurable(
  { operation, needs }: Change,
  fsyncs: readonly { node: Node; operation: Operation }[],
  before: readonly Operation[],
): boolean {
  return needs.every((node) =>
    fsyncs.some(
      (fsync) => fsync.node === node && before.includes(fsync.operation) && fsync.operation.begun > operation.ended,
    ),
  );
}

/** What is left when some changes never reached the disk. */
function survive(root: Node, happened: readonly Change[], lost: ReadonlySet<Change>): Survivors {
  const entries = new Map<Node, Map<string, Node>>();
  const entriesOf = (node: Node): Map<string, Node> => {
    const known = entries.get(node) ?? new Map<string, Node>();
    entries.set(node, known);
    return known;
  };
  const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
  for (const change of happened) {
    if (lost.has(change)) continue;
    const { adds, removes } = change;
    if (removes && entriesOf(removes.directory).get(nameOf(removes.path)) === removes.node)
      entriesOf(removes.directory).delete(nameOf(removes.path));
    if (adds) entriesOf(adds.directory).set(nameOf(adds.path), adds.node);
  }
  const survivors = new Map<string, Survivor>();
  const walk = (directory: Node, prefix: string): void => {
    for (const [name, node] of entriesOf(directory)) {
      const path = prefix + name;
      const isWhole =
        node.writes.length > 0 && node.writes.every((write) => happened.includes(write) && !lost.has(write));
      survivors.set(path, node.entries !== null ? "directory" : isWhole ? "whole" : "torn");
      if (node.entries !== null) walk(node, `${path}/`);
    }
  };
  walk(root, "");
  return survivors;
}

function* subsets(loose: readonly Change[], random: () => number): Generator<ReadonlySet<Change>> {
  if (loose.length <= EXHAUSTIVE) {
    for (let bits = 0; bits < 2 ** loose.length; bits++)
      yield new Set(loose.filter((_c, index) => (bits >> index) & 1));
    return;
  }
  yield new Set(loose);
  yield new Set();
  for (const alone of loose) {
    yield new Set([alone]);
    yield new Set(loose.filter((change) => change !== alone));
  }
  for (let round = 0; round < RANDOM_SUBSETS; round++) yield new Set(loose.filter(() => random() < 0.5));
}

/** Mulberry32: small, and the same numbers for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
