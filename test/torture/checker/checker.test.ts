import { execFile } from "node:child_process";
import { copyFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { newDirectory } from "../../support/directories.ts";
import { BREACHES, change } from "./breaches.ts";
import type { Verdict } from "./findings.ts";
import { accept, makeSoundSpool, pictureTask, receiptOf, type SoundSpool } from "./sound-spool.ts";
import { verify } from "./verify.ts";

describe("the checker", () => {
  it("finds nothing wrong with a sound spool, and has looked at all of it", async () => {
    const { violations, counts } = await verify(await makeSoundSpool(await newDirectory()));
    expect(violations).toEqual([]);
    expect(counts).toMatchObject({ accepted: 6, done: 3, failed: 1, held: 1, pruned: 1, outputs: 3, digestsSeen: 4 });
    expect(counts).toMatchObject({ handlerRuns: 2, handlerRunsRepeated: 1, turnsAtOneFile: 1, filesRead: 3 });
  });

  it.each(Object.keys(BREACHES))("finds %s", async (name) => {
    const [breach, sentence] = BREACHES[name] ?? [];
    const place = await makeSoundSpool(await newDirectory());
    await breach?.(place);
    const { violations } = await verify(place);
    expect(violations).toEqual(expect.arrayContaining([expect.stringMatching(sentence ?? "")]));
  });

  it("allows a daemon that was killed what lies between two steps, and no more", async () => {
    const place: SoundSpool = { ...(await makeSoundSpool(await newDirectory())), when: "midRun" };
    await accept(place, 7, pictureTask(7, ["out/7.png"]), "active");
    await accept(place, 8, pictureTask(8, ["out/8.png"]), "tasks");
    await rename(join(place.spool, "run/sequence.6"), join(place.spool, "run/sequence.8"));
    await writeFile(join(place.spool, "done/7.json"), JSON.stringify(receiptOf(7, "k", [])));
    await writeFile(join(place.root, "out/.spoold-0a1b-7-a1-0.tmp"), "");
    expect((await verify(place)).violations).toEqual([]);
    await copyFile(join(place.spool, "tasks/8.json"), join(place.spool, "failed/8.json"));
    expect((await verify(place)).violations).toEqual(["number 8 lies in several places: tasks, failed"]);
  });

  it("remembers what it saw at its last look", async () => {
    const memory = new Map<string, string>();
    const place: SoundSpool = { ...(await makeSoundSpool(await newDirectory())), memory };
    expect((await verify(place)).violations).toEqual([]);
    await change(join(place.spool, "done/3.json"), () => ({ durationMs: 5 }));
    expect((await verify(place)).violations).toEqual(["the bytes of receipt 3 have changed"]);
  });

  it("takes receipts that were saved for those that were pruned", async () => {
    const place = await makeSoundSpool(await newDirectory());
    const pruned = {
      done: [
        [1, 1],
        [6, 6],
      ],
      cancelled: [],
      failed: [],
    };
    await writeFile(join(place.spool, "run/pruned"), JSON.stringify(pruned));
    await mkdir(join(place.root, "archive"));
    await rename(join(place.spool, "done/1.json"), join(place.root, "archive/1.json"));
    const archives = [join(place.root, "archive")];
    const { violations, counts } = await verify({ ...place, archives });
    expect([violations, counts["outputs"], counts["ended done"]]).toEqual([[], 3, 3]);
    await rm(join(place.root, "out/1.png"));
    expect((await verify(place)).violations).toEqual([]);
    expect((await verify({ ...place, archives })).violations).toEqual([expect.stringMatching(/1.png is not there/)]);
  });

  it("says so as a program, and by its exit code", async () => {
    const place = await makeSoundSpool(await newDirectory());
    expect(await runChecker(place)).toMatchObject({ code: 0, verdict: { violations: [] } });
    await rm(join(place.spool, "done/1.json"));
    const { code, verdict } = await runChecker(place);
    expect([code, verdict.violations[0]]).toEqual([1, "number 1 was accepted and is in no state"]);
  });
});

async function runChecker({ spool, root, ledger, reader }: SoundSpool): Promise<{ code: number; verdict: Verdict }> {
  const file = fileURLToPath(new URL("checker.ts", import.meta.url));
  const places = ["--spool", spool, "--root", root, "--ledger", ledger, "--reader", reader, "--strict-end"];
  return promisify(execFile)(process.execPath, ["--import", "tsx", file, ...places]).then(
    ({ stdout }) => ({ code: 0, verdict: JSON.parse(stdout) as Verdict }),
    ({ code, stdout }: { code: number; stdout: string }) => ({ code, verdict: JSON.parse(stdout) as Verdict }),
  );
}
