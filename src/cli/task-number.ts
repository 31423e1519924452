/** Stands among numbers for those that standard input tells. */
export const STDIN = "-";

/** A task's number as people write it; undefined for anything else. */
export function taskNumberIn(text: string): number | undefined {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : undefined;
  return isTaskNumber(number) ? number : undefined;
}

export function isTaskNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}
