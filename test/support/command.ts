import { join } from "node:path";
import { vi } from "vitest";
import { main } from "../../src/cli/program.ts";

/**
 * Runs a command in this process, on the spool of a directory: for what does not depend on a process of its own, which
 * takes a third of a second of the processor to start.
 */
export async function runCommand(
  directory: string,
  args: readonly string[],
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const written = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      written[name] += String(text);
      return true;
    }),
  );
  try {
    const code = await main(["node", "spoold", ...args, "--spool", join(directory, "spool")]);
    return { code, ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
