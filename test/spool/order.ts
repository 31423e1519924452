import type { Operation } from "../support/recorder.ts";

/** Texts of operations that may come in any order among themselves; each must end before the next step begins. */
export type Step = string | readonly string[];

/**
 * Holds a recording against the designed order.
 * @returns one line for each operation that is missing or came too early; none when the order is right
 */
export function orderFaults(operations: readonly Operation[], steps: readonly Step[]): string[] {
  const faults: string[] = [];
  let reachedAt = 0;
  let reachedBy = "the beginning";
  for (const step of steps) {
    const texts = typeof step === "string" ? [step] : step;
    const found = texts.map((text) => operations.find((operation) => operation.text === text && isFree(operation)));
    for (const [index, operation] of found.entries()) {
      if (operation !== undefined) continue;
      const known = operations.some(({ text }) => text === texts[index]);
      faults.push(known ? `${texts[index]} came before ${reachedBy}` : `${texts[index]} is missing`);
    }
    const here = found.filter((operation) => operation !== undefined);
    reachedAt = Math.max(reachedAt, ...here.map(({ ended }) => ended));
    reachedBy = texts.join(" and ");
  }
  return faults;

  function isFree({ begun }: Operation): boolean {
    return begun > reachedAt;
  }
}

/** A recording that never was, one operation after the other. */
export function madeUp(lines: readonly string[]): Operation[] {
  return lines.map((text, index) => {
    const [verb = "", path = "", to] = text.split(" ");
    const operation = { text, verb, path, begun: 2 * index + 1, ended: 2 * index + 2 };
    return to === undefined ? operation : { ...operation, to };
  });
}
