import { execFile } from "node:child_process";
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Torture } from "../torture-context.ts";
import { MUTATIONS, type Mutation } from "./mutations.ts";

const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));
/** What the tests need of the project; packages are linked. */
const COPIED = ["src", "test", "bin", "spool/recipes", ".build.mjs", "package.json", "tsconfig.json", "README.md"];

/** Breaks promises in the source itself, and looks whether the tests notice. */
export const sabotage: Torture = {
  tells: "breaks promises in a copy of the source, one after the other: a test must fail for each",
  rounds: MUTATIONS.length,
  async run({ directory, rounds, say }) {
    const faults: string[] = [];
    const counts: Record<string, Record<string, number>> = {};
    const chosen = MUTATIONS.slice(0, rounds);
    const project = join(directory, "project");
    await copyProject(project);
    const before = await failuresOf(project, [...new Set(chosen.flatMap(({ tests }) => tests))]);
    if (before.length > 0) faults.push(`tests fail without any mutation: ${before.join("; ")}`);
    for (const mutation of chosen) {
      const failures = await sabotaged(project, mutation);
      const caught = typeof failures === "string" ? failures : `${failures.length} tests`;
      say(`${mutation.name}: ${caught}${typeof failures === "string" ? "" : `, ${failures[0] ?? ""}`}`);
      if (typeof failures === "string") faults.push(`${mutation.name}: ${failures}`);
      else if (failures.length === 0)
        faults.push(`${mutation.name}: no test has noticed (${mutation.tests.join(", ")})`);
      else counts[mutation.name] = Object.fromEntries(failures.map((test) => [test, 1]));
    }
    return { faults, counts, figures: { mutations: chosen.length, caught: Object.keys(counts).length } };
  },
};

/** @returns what stands in the way of applying a mutation to a text; null when nothing does */
export function whyNot(text: string, { search, replace }: Mutation): string | null {
  const times = text.split(search).length - 1;
  if (times !== 1) return `mutation no longer applies: it stands there ${times} times`;
  return search === replace ? "mutation changes nothing" : null;
}

async function copyProject(project: string): Promise<void> {
  await mkdir(join(project, "spool"), { recursive: true });
  for (const name of COPIED) await cp(join(PROJECT, name), join(project, name), { recursive: true });
  await symlink(join(PROJECT, "node_modules"), join(project, "node_modules"));
  await build(project);
}

/** @returns names of tests that failed, or why the mutation cannot be applied */
async function sabotaged(project: string, mutation: Mutation): Promise<readonly string[] | string> {
  const path = join(project, mutation.file);
  const text = await readFile(path, "utf8");
  const reason = whyNot(text, mutation);
  if (reason !== null) return reason;
  await writeFile(
    path,
    text.replace(mutation.search, () => mutation.replace),
  );
  try {
    await build(project);
    return await failuresOf(project, mutation.tests);
  } finally {
    await writeFile(path, text);
  }
}

async function build(project: string): Promise<void> {
  await promisify(execFile)("npm", ["run", "-s", "build:bundle"], { cwd: project });
}

interface Results {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** Runs test files. @returns the names of the tests that failed */
async function failuresOf(project: string, tests: readonly string[]): Promise<readonly string[]> {
  const output = join(project, "results.json");
  const args = ["run", "--config", "test/vitest.config.ts", "--reporter=json", `--outputFile=${output}`, ...tests];
  const vitest = join(project, "node_modules", "vitest", "vitest.mjs");
  // It ends with 1 when a test has failed, which the results tell better.
  await promisify(execFile)(process.execPath, [vitest, ...args], { cwd: project, maxBuffer: 2 ** 26 }).catch(
    () => null,
  );
  const { testResults } = JSON.parse(await readFile(output, "utf8")) as Results;
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === "failed").map(({ fullName }) => fullName);
    return message !== "" && assertionResults.length === 0 ? [`${name}: ${message}`] : failed;
  });
}
