import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSpool, spoolMiddleware } from "../../src/index.ts";
import { freshPlace } from "../support/autostart.ts";
import { quickTask } from "../support/spool.ts";
import { APPS, type App } from "./apps.ts";

describe.each([
  ["Express 5", 50],
  ["Fastify 5", 50],
  ["node:http", 5],
])("with %s", (name, requests) => {
  it(`${requests} requests at once start exactly one daemon, which runs all their tasks and ends`, async () => {
    const place = await freshPlace();
    const spool = await openSpool(place.spool);
    const startApp = APPS[name] as App;
    const all = gate(requests);
    const url = await startApp(spoolMiddleware({ directory: place.spool, ...place.start }), async () => {
      const { number } = await spool.enqueue(quickTask(`out/${all.arrived()}`));
      // No response is sent before all tasks are there, so that one daemon is enough for them.
      await all.open;
      return number;
    });
    const answers = await Promise.all(Array.from({ length: requests }, () => fetch(url, { method: "POST" })));
    const numbers = await Promise.all(
      answers.map(async (answer) => ((await answer.json()) as { number: number }).number),
    );
    await Promise.all(numbers.map((number) => spool.ticket(number).done()));
    await place.quiet();
    expect(await readdir(join(place.directory, "out"))).toHaveLength(requests);
    expect([await place.daemons(), await place.generations()]).toEqual([[expect.any(Number)], 1]);
    expect((await place.lines()).map(({ msg }) => msg)).not.toContain("daemon ended");
  });
});

/** Opens when so many have arrived. */
function gate(count: number): { readonly open: Promise<void>; arrived(): number } {
  let arrived = 0;
  let open = (): void => undefined;
  return {
    open: new Promise<void>((resolve) => {
      open = resolve;
    }),
    arrived() {
      arrived += 1;
      if (arrived === count) open();
      return arrived;
    },
  };
}
