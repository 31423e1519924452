import { isInRanges } from "../../task/ranges.ts";
import type { Check } from "./context.ts";

/** Attempts whose daemon died. The next start goes on with them at once: until then nobody else may touch them. */
export const checkClaims: Check = async ({ survey, owner, prunedDone }) => {
  if (owner !== undefined) return [];
  const unended = [...survey.tasks].filter(
    ([number]) => !survey.receipts.has(number) && !isInRanges(prunedDone, number),
  );
  const claims = unended.flatMap(([, files]) => files).filter(({ state }) => state === "active");
  return claims.map(({ path, entry }) => ({
    code: "claim-without-daemon",
    path,
    tells: `attempt ${entry.attempt} of ${entry.number} goes on when a daemon is started`,
  }));
};
