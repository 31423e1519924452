/** How deeply JSON may be nested: what walks through it calls itself once for each level, and would run out of stack. */
export const MAX_LEVELS = 32;

/** Whether a value is nested in more levels of lists and objects than may be; a cycle is. */
export function isTooDeep(value: unknown, levels = MAX_LEVELS): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isTooDeep(member, levels - 1));
}
