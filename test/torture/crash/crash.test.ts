import { describe, expect, it } from "vitest";
import { newDirectory } from "../../support/directories.ts";
import { untraceable } from "../strace/traced.ts";
import { torment } from "./crash.ts";
import { SCENES } from "./scenes.ts";

const unable = untraceable();

describe.skipIf(unable !== undefined)(
  `a system call at which a process is killed${unable ? ` (${unable})` : ""}`,
  () => {
    it.each([
      ["producer", "produce", 1],
      ["daemon", "work", 1],
    ])("of a %s leaves nothing lost and nothing torn", async (_who, name, most) => {
      const directory = await newDirectory();
      const context = {
        directory,
        seed: 7,
        rounds: 1,
        say: () => undefined,
        keep: (file: string) => Promise.resolve(file),
      };
      const scenes = SCENES.filter((scene) => scene.name === name);
      const { faults, figures } = await torment(context, scenes, { isFullAtFirst: false, most, lanes: 1 });
      expect(faults).toEqual([]);
      expect(figures["kills"]).toBe(most);
    });
  },
);
