import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MUTATIONS } from "./mutations.ts";
import { whyNot } from "./sabotage.ts";

/** That tests notice them takes minutes to show: `npm run torture -- sabotage`. */
describe("a mutation that tests must notice", () => {
  it.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))("still applies: %s", (_name, mutation) => {
    expect(whyNot(readFileSync(mutation.file, "utf8"), mutation)).toBeNull();
    expect(mutation.tests.filter((file) => !existsSync(file))).toEqual([]);
  });

  it("is told of when what it changes is not there, or there twice", () => {
    const mutation = { name: "", file: "", search: "await", replace: "", tests: [] };
    expect(whyNot("none", mutation)).toContain("0 times");
    expect(whyNot("await await", mutation)).toContain("2 times");
  });
});
