import type { System } from "../../system.ts";
import type { Range } from "../../task/ranges.ts";
import type { Layout } from "../layout.ts";
import type { Owner } from "../owner.ts";
import type { Finding } from "./finding.ts";
import type { Survey } from "./survey.ts";

/** What every check works with. */
export interface CheckContext {
  readonly system: System;
  readonly layout: Layout;
  readonly survey: Survey;
  /** The daemon that owns the spool; undefined when none does. */
  readonly owner: Owner | undefined;
  /** The highest number given before the survey. */
  readonly highest: number;
  /** Numbers whose traces were pruned, and of those the ones that have a good end. */
  readonly pruned: readonly Range[];
  readonly prunedDone: readonly Range[];
  /** The daemon's, with every link resolved. */
  readonly roots: readonly string[];
  /** Tells the temporaries of this spool from those of others. */
  readonly spoolTag: string;
  /** Directories in which outputs of tasks lie, as the checks come upon them; some may not exist. */
  readonly outputDirectories: Set<string>;
  /** Whether outputs are read, to be compared with their digests. */
  readonly deep: boolean;
}

/** Looks for some kinds of findings. */
export type Check = (context: CheckContext) => Promise<readonly Finding[]>;
