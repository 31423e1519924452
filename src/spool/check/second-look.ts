/** A task that moved while the states were surveyed may have been missed: before it is told of, it is looked for again. */
import { hasReceipt } from "../finish.ts";
import { placesOf } from "../places.ts";
import type { CheckContext } from "./context.ts";

type LookContext = Pick<CheckContext, "system" | "layout">;

/** Those of the numbers that no state holds. */
export async function nowhere({ system, layout }: LookContext, numbers: readonly number[]): Promise<readonly number[]> {
  if (numbers.length === 0) return [];
  const places = await placesOf(system, layout, numbers);
  const missing: number[] = [];
  for (const number of numbers) {
    if (!places.has(number) && !(await hasReceipt(system, layout, number))) missing.push(number);
  }
  return missing;
}

/** Those of the numbers that do not lie where another attempt may follow. */
export async function idle({ system, layout }: LookContext, numbers: readonly number[]): Promise<readonly number[]> {
  if (numbers.length === 0) return [];
  const places = await placesOf(system, layout, numbers);
  return numbers.filter((number) => !places.get(number)?.some(({ state }) => state !== "failed"));
}
