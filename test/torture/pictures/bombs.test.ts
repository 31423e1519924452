import { describe, expect, it } from "vitest";
import { newDirectory } from "../../support/directories.ts";
import { BOMBS } from "./bomb-list.ts";
import { explode } from "./bombs.ts";

describe("a small file that would cost much", () => {
  const light = BOMBS.filter(({ isHeavy = false }) => !isHeavy);

  it.each(light.map((bomb) => [bomb.file, bomb] as const))(
    "costs a worker next to nothing: %s",
    async (_file, bomb) => {
      const { end, peakMib, faults } = await explode(await newDirectory(), bomb);
      expect([end, faults]).toEqual([end, []]);
      // A worker that has just started has 80 MiB, on Linux, where alone it is told.
      if (process.platform === "linux") expect(peakMib).toBeLessThan(250);
    },
  );
});
