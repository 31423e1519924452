import { EventEmitter } from "node:events";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { openSpool, type SpooldError, spoolMiddleware } from "../../src/index.ts";
import { realSystem, type System } from "../../src/system.ts";
import { freshPlace } from "../support/autostart.ts";
import { until } from "../support/daemon.ts";
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

describe("the middleware", () => {
  it("lets a request go on at once, and looks when its client has gone before the end of the response", async () => {
    const place = await freshPlace();
    // No whole spool: what the look meets is told, and thrown at nobody.
    await mkdir(join(place.spool, "tasks"), { recursive: true });
    await writeFile(join(place.spool, "tasks/1.json"), "{}");
    const told: string[] = [];
    const onError = ({ code }: SpooldError): void => void told.push(code);
    const middleware = spoolMiddleware({ directory: place.spool, onError });
    const response = new EventEmitter();
    let isNext = false;
    middleware({}, response, () => {
      isNext = true;
    });
    expect(isNext).toBe(true);
    response.emit("close");
    await until(() => told.length > 0);
    expect(told).toEqual(["AUTOSTART_FAILED"]);
  });

  it("looks once for many responses", async () => {
    const place = await freshPlace();
    let looks = 0;
    const fs: System["fs"] = {
      ...realSystem().fs,
      lstat: ((...args: Parameters<System["fs"]["lstat"]>) => {
        looks += 1;
        return realSystem().fs.lstat(...args);
      }) as System["fs"]["lstat"],
    };
    const middleware = spoolMiddleware({ directory: place.spool }, { ...realSystem(), fs });
    const response = new EventEmitter().setMaxListeners(0);
    for (let count = 0; count < 100; count++) middleware({}, response);
    response.emit("finish");
    response.emit("close");
    await until(() => looks > 0);
    await sleep(50);
    expect(looks).toBe(1);
  });

  it("has no spool in the working directory itself by an empty name", () => {
    vi.stubEnv("SPOOLD_DIR", "");
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(() => spoolMiddleware()).toThrow("a setting is not valid");
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
