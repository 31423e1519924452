import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { newDirectory } from "../../support/directories.ts";
import { attackByPath } from "./paths.ts";
import { race } from "./races.ts";
import { drawOnTerminals } from "./terminal.ts";
import { tryValues } from "./values.ts";

describe("a task that means harm", () => {
  it("is refused when it is no whole task, whatever else it is", () => {
    const { faults, counts } = tryValues(3, { tasks: 2, values: 300 });
    expect(faults).toEqual([]);
    expect(counts["doors"]?.["task accepted"]).toBeGreaterThan(5);
  });

  it("reaches nothing outside the roots, however it spells the way", async () => {
    const { faults, figures } = await attackByPath(await newDirectory(), 41);
    expect(faults).toEqual([]);
    expect(figures["attacks"]).toBeGreaterThan(20);
  });

  // Elsewhere the directories on the way must be trusted, as README says.
  it.skipIf(process.platform !== "linux")(
    "reaches nothing outside the roots while another process swaps a directory for a link",
    async () => {
      const { faults, figures } = await race(await newDirectory(), 12, ["outputs", "folders", "tiles", "replaced"]);
      expect(faults).toEqual([]);
      expect(figures["races"]).toBe(12);
    },
  );

  it.skipIf(!hasScript())("draws no control character on a terminal", async () => {
    expect((await drawOnTerminals(await newDirectory(), 30)).faults).toEqual([]);
  });
});

/** `script` of util-linux makes terminals; that of macOS takes other arguments. */
function hasScript(): boolean {
  try {
    return execFileSync("script", ["--version"], { encoding: "utf8" }).includes("util-linux");
  } catch {
    // Not installed.
    return false;
  }
}
