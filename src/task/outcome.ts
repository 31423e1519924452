import type { SerializedError } from "../errors.ts";
import type { TileLayout } from "../image/vocabulary/tile.ts";
import type { Format } from "./task.ts";

/** One finished picture. */
export interface OutputFile {
  /** As the task names it. */
  readonly file: string;
  /** Where it lies, absolute, links resolved. */
  readonly path: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Of a pyramid, those of all its files. */
  readonly bytes: number;
  /** Of a pyramid, that of its tiles. */
  readonly format: Format;
  /**
   * Hexadecimal digest of the bytes. Of a pyramid with a folder, that of what `sha256sum` prints for all its files, in
   * the order of the bytes of their names, seen from the directory in which the output lies:
   * `find cat.dzi cat_files -type f | LC_ALL=C sort | xargs sha256sum | sha256sum`.
   */
  readonly sha256: string;
  /** Of a pyramid alone. */
  readonly tiles?: TileFacts;
}

/** What else there is to say of a pyramid. */
export interface TileFacts {
  readonly layout: TileLayout;
  /** How many files it is on disk; a zip is one. */
  readonly files: number;
  /** The folder of its tiles, absolute; null for a zip. */
  readonly folder: string | null;
}

/** The picture that was read. */
export interface SourceFile {
  readonly path: string;
  /** Pixels, upright. */
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly format: string;
  /** How the stored pixels lay, as EXIF counts it: 1 to 8, and 1 where the file says nothing. */
  readonly orientation: number;
  /** The colour that covers most of it, `#rrggbb`; absent when it could not be worked out, as `thumbhash` then is. */
  readonly dominant?: string;
  /** Its ThumbHash in base64: what a page can draw before the picture is there; transparency is kept. */
  readonly thumbhash?: string;
  /** How many frames an animation has; absent when there is one. */
  readonly frames?: number;
  /** Hexadecimal digest of its bytes; where the task says `skipIfFresh` alone. */
  readonly sha256?: string;
  /** The overlays that were read as well; absent when there were none, or `sha256` is. */
  readonly overlays?: readonly OverlayFile[];
}

/** A file that a step has read. */
export interface OverlayFile {
  /** As the task names it. */
  readonly file: string;
  readonly sha256: string;
}

/** For each format, what the `srcset` of an `<img>` or a `<source>` takes. */
export type SrcSets = Readonly<Partial<Record<Format, string>>>;

/** What can be written as JSON. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [member: string]: JsonValue };

/** How one attempt ended. Expected ends are values; only surprises throw. */
export type Outcome =
  | { readonly kind: "succeeded"; readonly source: SourceFile; readonly outputs: readonly OutputFile[] }
  /** A handler has done its work. */
  | { readonly kind: "handled"; readonly result: JsonValue }
  /** The outputs of an earlier task with the same key are there still, made from the same source. */
  | { readonly kind: "fresh"; readonly source: SourceFile; readonly outputs: readonly OutputFile[] }
  | { readonly kind: "failed"; readonly error: SerializedError }
  | { readonly kind: "timedOut"; readonly timeoutMs: number }
  | { readonly kind: "crashed"; readonly exitCode: number | null; readonly signal: string | null }
  /** Found at start-up: the daemon itself died while the attempt ran, perhaps because of it. */
  | { readonly kind: "orphaned" }
  /** The daemon was told to stop at once and killed the worker: the task is not to blame. */
  | { readonly kind: "interrupted" };

/** An attempt that did not succeed, as it is kept until the task ends. */
export interface AttemptRecord {
  readonly attempt: number;
  readonly outcome: Exclude<Outcome["kind"], "succeeded" | "handled" | "fresh">;
  readonly error: SerializedError;
  /** ISO 8601, UTC. */
  readonly endedAt: string;
}

/** What lies in `done/`: who asked for what, and what came of it. */
export interface Receipt {
  readonly number: number;
  readonly key: string;
  /** `done`: its work was done. `fresh`: its outputs were there already. `cancelled`: it was taken back before its end. */
  readonly status: "done" | "fresh" | "cancelled";
  readonly supplicant: string | null;
  readonly summary: string | null;
  readonly attempts: number;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly durationMs: number;
  /** Null where no picture was read: of work for a handler, and of a task that was cancelled. */
  readonly source: SourceFile | null;
  readonly outputs: readonly OutputFile[];
  /** What the handler has returned. */
  readonly result?: JsonValue;
  /** The batch that it was counted in. */
  readonly batch?: string;
  /** Its attempts that did not succeed, oldest first. */
  readonly earlier?: readonly AttemptRecord[];
  /** What a page needs to offer one picture at several widths; absent when no format has two of them. */
  readonly srcset?: SrcSets;
}

/** What lies beside a failed task or a rejected drop. */
export interface Reason {
  /** The number of the failed task; absent for a drop that never had one. */
  readonly number?: number;
  readonly supplicant: string | null;
  readonly summary: string | null;
  readonly error: SerializedError;
  readonly attempts: readonly AttemptRecord[];
  /** ISO 8601, UTC; null when a person moved the task to `failed/`. */
  readonly endedAt: string | null;
}
