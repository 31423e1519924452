import { join } from "node:path";
import { ignoring } from "../../system.ts";
import { restoreTakenDrops } from "../intake.ts";
import { STALE_TEMPORARY_MS } from "../recover.ts";
import type { Check } from "./context.ts";
import type { Finding } from "./finding.ts";

const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const TAKEN = new RegExp(`^taken\\.${UUID}\\.`);
/** What spoold writes there; a name of another kind is somebody's own. */
const OURS = new RegExp(`^(?:run-)?${UUID}(?:\\.\\w+)?$`);

/** What was left in `tmp/`. A start removes it, too, and puts drops back. */
export const checkTemporaries: Check = async ({ system, layout, owner }) => {
  const { fs } = system;
  const findings: Finding[] = [];
  for (const name of (await ignoring(["ENOENT"], fs.readdir(layout.tmp))) ?? []) {
    const path = join(layout.tmp, name);
    const stat = await ignoring(["ENOENT"], fs.lstat(path));
    if (stat === undefined) continue;
    if (TAKEN.test(name)) {
      const apply = async (): Promise<void> => void (await restoreTakenDrops(system, layout));
      const tells = "no daemon is there to take it in";
      if (owner === undefined) findings.push({ code: "drop-in-tmp", path, tells, mend: { needsLock: true, apply } });
    } else if (!OURS.test(name)) {
      findings.push({ code: "foreign-file", path, tells: "a start removes it when it is 36 hours old" });
    } else if (system.nowMs() - stat.mtimeMs >= STALE_TEMPORARY_MS) {
      const apply = (): Promise<void> => fs.rm(path, { recursive: true, force: true });
      const tells = `last written ${new Date(stat.mtimeMs).toISOString()}`;
      findings.push({ code: "stale-temporary", path, tells, mend: { needsLock: true, apply } });
    }
  }
  return findings;
};
