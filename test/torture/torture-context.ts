/** One torture: what `npm run torture -- NAME` runs. */
export interface Torture {
  readonly tells: string;
  /** How often, unless the person who tortures says otherwise. */
  readonly rounds: number;
  run(context: TortureContext): Promise<TortureReport>;
}

/** What a torture is given. */
export interface TortureContext {
  /** Empty at the start, removed at the end. */
  readonly directory: string;
  /** With the same seed and number a round is the same in every run. */
  readonly seed: number;
  readonly rounds: number;
  /** Says what goes on; on standard error. */
  readonly say: (text: string) => void;
  /** Keeps a file that broke a promise. @returns where it lies */
  readonly keep: (name: string, bytes: Uint8Array) => Promise<string>;
}

/** What a torture has found. */
export interface TortureReport {
  /** Promises that were broken, a sentence each. */
  readonly faults: readonly string[];
  /** How often what happened, by group and name. */
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Measured values, the unit in the name. */
  readonly figures: Readonly<Record<string, number>>;
  /** What was measured again and again, the unit in the name and how often. */
  readonly series?: Readonly<Record<string, readonly number[]>>;
}
