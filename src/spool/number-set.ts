/** A set of task numbers. Numbers are given one after the other, so that a bit for each takes little memory. */
export interface NumberSet {
  has(number: number): boolean;
  add(number: number): void;
  delete(number: number): void;
  /** In no order; the set may be changed meanwhile. */
  values(): Iterable<number>;
}

/** Numbers that share a page; a page is there only while one of them is in the set. */
const PAGE = 1_024;
const WORD = 32;

/** @param number a whole number from 0 to 2^53 - 1 */
export function createNumberSet(): NumberSet {
  const pages = new Map<number, Uint32Array>();

  return {
    has(number) {
      const { page, word, bit } = placeOf(number);
      return ((pages.get(page)?.[word] ?? 0) & bit) !== 0;
    },
    add(number) {
      const { page, word, bit } = placeOf(number);
      const words = pages.get(page) ?? new Uint32Array(PAGE / WORD);
      words[word] = (words[word] ?? 0) | bit;
      pages.set(page, words);
    },
    delete(number) {
      const { page, word, bit } = placeOf(number);
      const words = pages.get(page);
      if (words === undefined) return;
      words[word] = (words[word] ?? 0) & ~bit;
      if (words.every((each) => each === 0)) pages.delete(page);
    },
    *values() {
      for (const [page, words] of pages) {
        for (let index = 0; index < PAGE; index++) {
          if (((words[Math.floor(index / WORD)] ?? 0) & (1 << (index % WORD))) !== 0) yield page * PAGE + index;
        }
      }
    },
  };
}

function placeOf(number: number): { page: number; word: number; bit: number } {
  const index = number % PAGE;
  return { page: Math.floor(number / PAGE), word: Math.floor(index / WORD), bit: 1 << (index % WORD) };
}
