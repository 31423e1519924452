import { describe, expect, it } from "vitest";
import { newDirectory } from "../../support/directories.ts";
import { untraceable } from "../strace/traced.ts";
import { allCells, nameOf } from "./cells.ts";
import { torment } from "./faults.ts";

const unable = untraceable();

describe.skipIf(unable !== undefined)(`a call that fails${unable ? ` (${unable})` : ""}`, () => {
  it.each(["producer: commit, fsync of tasks: EIO once", "daemon: receipt, fsync of done: ENOSPC once"])(
    "comes to what is designed: %s",
    async (name) => {
      const directory = await newDirectory();
      const context = {
        directory,
        seed: 7,
        rounds: 1,
        say: () => undefined,
        keep: (file: string) => Promise.resolve(file),
      };
      const cells = allCells().filter((cell) => nameOf(cell) === name);
      const { faults, figures } = await torment(context, { cells, troubles: [], lanes: 1 });
      expect(faults).toEqual([]);
      expect(figures["faultsDelivered"]).toBe(1);
    },
  );
});

it("there are more than a hundred cells, each of which happens once and for good", () => {
  const names = allCells().map(nameOf);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => name.endsWith("once")).length).toBeGreaterThan(100);
});
