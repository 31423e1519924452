import type { NewHandlerTask, NewTask } from "../../../src/spool/spool.ts";

/** What producers of the benches order; it is never run. */
export const ORDER: NewTask = {
  source: "uploads/cat.jpg",
  outputs: [
    { file: "gallery/cat-1600.jpg", width: 1600, height: 1600, fit: "inside", quality: 80 },
    { file: "gallery/cat-120.jpg", width: 120, height: 120, fit: "cover", quality: 80 },
  ],
  supplicant: "bench",
  summary: "gallery sizes for cat.jpg",
};

/** Work for the handler `moment`, beside which others may run. */
export const MOMENT: NewHandlerTask = { handler: "moment", reads: [], writes: [], supplicant: "bench" };

/** The source of a handler whose result is when it began, in ms since epoch, parts of them too. */
export const MOMENT_HANDLER = "export default async () => performance.timeOrigin + performance.now();\n";
