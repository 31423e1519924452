import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { newDirectory, until } from "../../support/directories.ts";
import { openFindings } from "./findings.ts";
import { checkJournals, JOURNAL_HANDLER } from "./journal.ts";

/** Begins to run number 42 in a process of its own. */
function startRun(root: string, ms: number): ChildProcess {
  const run = `import handler from ${JSON.stringify(join(root, "journal.mjs"))};
    const context = { roots: [${JSON.stringify(root)}], signal: new AbortController().signal };
    await handler({ number: 42, attempt: 1, data: { ms: ${ms} } }, context);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", run], { stdio: "inherit" });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function faultsOf(root: string): Promise<readonly string[]> {
  const findings = openFindings();
  await checkJournals(join(root, "journal"), undefined, findings);
  return findings.verdict().violations;
}

describe.runIf(process.platform === "linux")("a journal of runs", () => {
  it("tells of a process that was at a task while another was, and not of one that came later", async () => {
    const root = await newDirectory();
    await writeFile(join(root, "journal.mjs"), JOURNAL_HANDLER);
    const journal = (): Promise<string> => readFile(join(root, "journal/42.jsonl"), "utf8").catch(() => "");
    for (let run = 0; run < 2; run++) expect((await once(startRun(root, 0), "exit"))[0]).toBe(0);
    const killed = startRun(root, 60_000);
    await until(async () => (await journal()).split("begin").length - 1 === 3);
    killed.kill("SIGKILL");
    await once(killed, "exit");
    expect((await once(startRun(root, 0), "exit"))[0]).toBe(0);
    expect(await faultsOf(root)).toEqual([]);
    startRun(root, 60_000);
    await until(async () => (await journal()).split("begin").length - 1 === 5);
    await once(startRun(root, 0), "exit");
    expect((await faultsOf(root))[0]).toMatch(/number 42 was run by process \d+ while process \d+ was at it/);
  });
});
