import type { Print, Rejection } from "../results.ts";

/** What stands on a contact sheet. */
export interface Gathered {
  /** In the order of the photographs. */
  readonly prints: readonly Print[];
  readonly rejections: readonly Rejection[];
  /** From the start of the demo to the last output. */
  readonly seconds: number;
}

/** The line under the title: how much there is. */
export function countsOf({ prints, rejections, seconds }: Gathered): string {
  const outputs = prints.flatMap(({ receipt }) => receipt.outputs);
  const turned = prints.filter(({ order }) => order.photograph.orientation !== 1).length;
  const pictures = `${prints.length} photographs of 12 megapixels, ${turned} of them not upright in the file`;
  return `${pictures} · ${outputs.length} outputs · ${rejections.length} drops rejected · ${seconds.toFixed(0)} s`;
}
