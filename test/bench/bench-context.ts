import type { Report } from "./report.ts";

/** One bench: what `npm run bench -- NAME` runs. */
export interface Bench {
  readonly tells: string;
  run(context: BenchContext): Promise<Report>;
}

/** What a bench is given. */
export interface BenchContext {
  /** Empty at the start, removed at the end. */
  readonly directory: string;
  /** Pairs to measure. */
  readonly rounds: number;
  /** A directory with photographs of the person who measures, or null. */
  readonly pictures: string | null;
  /** Says what goes on; on standard error, so that the figures stay alone on standard output. */
  readonly say: (text: string) => void;
}
