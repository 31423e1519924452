/**
 * The main job, start to end: a dozen photographs are made, their tasks go in through both doors, the daemon runs, and
 * a contact sheet shows what came of it. Also a check: ends with 1 when the result is not what it should be.
 */
import { writeFile } from "node:fs/promises";
import { SCENES } from "../support/scenery/scenes.ts";
import { faultsIn } from "./check.ts";
import { DemoFault, sentenceOf } from "./fault.ts";
import { ordersFor } from "./orders.ts";
import { type Photograph, takePhotographs } from "./photographs.ts";
import { clearPlaces, fromRepository, PLACES } from "./places.ts";
import { showProgress } from "./progress.ts";
import { readPrints, readRejections } from "./results.ts";
import { drawSheet } from "./sheet/drawing.ts";
import { pageOf } from "./sheet/page.ts";
import { printsTable, rejectionsTable } from "./tables.ts";
import { runOrders } from "./work.ts";

/** With the build before it, the demo is promised to take less than a minute. */
const DEADLINE_MS = 55_000;

async function demo(deadline: AbortSignal): Promise<void> {
  const startedAtMs = performance.now();
  await clearPlaces();
  const orders = ordersFor(await photographs(deadline));
  await runOrders(orders, deadline);

  const seconds = (performance.now() - startedAtMs) / 1_000;
  const prints = await readPrints(orders);
  const rejections = await readRejections();
  process.stdout.write(`${printsTable(prints)}\n${rejectionsTable(rejections)}\n`);
  await writeFile(PLACES.page, pageOf({ prints, rejections, seconds }));
  await drawSheet({ prints, rejections, seconds });

  const faults = await faultsIn(orders, prints, rejections);
  if (faults.length > 0) throw new DemoFault(`the result is not what it should be:\n  ${faults.join("\n  ")}`);
  const outputs = prints.reduce((sum, { receipt }) => sum + receipt.outputs.length, 0);
  const took = ((performance.now() - startedAtMs) / 1_000).toFixed(1);
  process.stdout.write(`${outputs} outputs, all there, all upright, in ${took} s. Look at\n`);
  for (const path of [PLACES.page, PLACES.sheet]) process.stdout.write(`  ${fromRepository(path)}\n`);
}

async function photographs(deadline: AbortSignal): Promise<readonly Photograph[]> {
  const progress = showProgress("photographs", SCENES.length);
  let made = 0;
  try {
    return await takePhotographs(({ number, title }) => {
      deadline.throwIfAborted();
      made += 1;
      progress.at(made, `${number} ${title}`);
    });
  } finally {
    progress.end();
  }
}

try {
  await demo(AbortSignal.timeout(DEADLINE_MS));
} catch (error) {
  process.stderr.write(`demo: ${sentenceOf(error)}\n`);
  process.exitCode = 1;
}
