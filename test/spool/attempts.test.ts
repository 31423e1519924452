import { describe, expect, it } from "vitest";
import { forgetAttempts, readAttempts, recordAttempt } from "../../src/spool/attempts.ts";
import { realSystem } from "../../src/system.ts";
import { names, newSpool } from "../support/directories.ts";
import { failing, record } from "../support/recorder.ts";
import { crashOf } from "./stages.ts";

const real = realSystem();

describe("the attempts of a task", () => {
  it("are none before the first has ended", async () => {
    expect(await readAttempts(real, await newSpool(), 7)).toEqual([]);
  });

  it("are kept oldest first, each task's by itself", async () => {
    const layout = await newSpool();
    for (const attempt of [1, 2, 3]) await recordAttempt(real, layout, 7, crashOf(attempt));
    await recordAttempt(real, layout, 8, crashOf(1));
    expect(await readAttempts(real, layout, 7)).toEqual([1, 2, 3].map(crashOf));
    expect(await readAttempts(real, layout, 8)).toEqual([crashOf(1)]);
    expect(await names(layout.tmp)).toEqual([]);
  });

  it("are not counted twice when one is recorded again after a crash: the later record wins", async () => {
    const layout = await newSpool();
    await recordAttempt(real, layout, 7, { ...crashOf(1), outcome: "orphaned" });
    await recordAttempt(real, layout, 7, crashOf(1));
    expect(await readAttempts(real, layout, 7)).toEqual([crashOf(1)]);
  });

  it("begin anew when a person has moved the task back: what is known of later ones is of its life before", async () => {
    const layout = await newSpool();
    for (const attempt of [1, 2, 3]) await recordAttempt(real, layout, 7, crashOf(attempt));
    await recordAttempt(real, layout, 7, { ...crashOf(1), outcome: "failed" });
    expect(await readAttempts(real, layout, 7)).toEqual([{ ...crashOf(1), outcome: "failed" }]);
  });

  it("stay as they were when a new record cannot be written", async () => {
    const layout = await newSpool();
    await recordAttempt(real, layout, 7, crashOf(1));
    const { system } = record(
      layout.root,
      failing("ENOSPC", (text) => text.startsWith("write ")),
    );
    await expect(recordAttempt(system, layout, 7, crashOf(2))).rejects.toMatchObject({ code: "ENOSPC" });
    expect(await readAttempts(real, layout, 7)).toEqual([crashOf(1)]);
  });

  it("are forgotten when the task has ended; that there were none is no error", async () => {
    const layout = await newSpool();
    await recordAttempt(real, layout, 7, crashOf(1));
    await forgetAttempts(real, layout, 7);
    await forgetAttempts(real, layout, 7);
    expect(await readAttempts(real, layout, 7)).toEqual([]);
  });
});
