import type { Profiler } from "node:inspector";
import { expect, it } from "vitest";
import { watchShareOf } from "./watch-share.ts";

function node(id: number, functionName: string, children: number[] = [], url = "file:///daemon.js"): object {
  return { id, callFrame: { functionName, url, scriptId: "1", lineNumber: 1, columnNumber: 1 }, children };
}

it("counts what runs below a watch or for it, and no time in which nothing runs", () => {
  const nodes = [
    node(1, "(root)", [2, 3, 5, 6]),
    node(2, "(idle)"),
    node(3, "onchange", [4], "node:internal/fs/watchers"),
    node(4, "ring"),
    node(5, "giveUpTaken"),
    node(6, "claim"),
  ];
  const profile = { nodes, samples: [2, 4, 5, 6, 3, 2], timeDeltas: [900, 10, 20, 160, 10, 900] };
  expect(watchShareOf(profile as unknown as Profiler.Profile)).toBe(0.2);
});
