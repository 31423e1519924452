import type { State } from "../../spool/layout.ts";
import type { Kind } from "./model.ts";

/** How a shell is told what may stand somewhere. */
export interface Spelling {
  readonly words: (words: readonly string[]) => string;
  readonly files: string;
  readonly directories: string;
  readonly recipes: (shipped: readonly string[]) => string;
  readonly batches: string;
  readonly numbers: (states: readonly State[]) => string;
  readonly anything: string;
}

/** @param recipes names of those that come with spoold */
export function spelled(kind: Kind, spelling: Spelling, recipes: readonly string[]): string {
  switch (kind.kind) {
    case "words":
      return spelling.words(kind.words);
    case "recipes":
      return spelling.recipes(recipes);
    case "numbers":
      return spelling.numbers(kind.states);
    default:
      return spelling[kind.kind];
  }
}
