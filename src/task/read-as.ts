import * as z from "zod";

/**
 * What a schema says of a value that anybody may have made up. Zod compares the `length` of whatever has one, also of
 * what is no text and no list: a value whose `length` cannot be compared makes it throw instead of saying no.
 * @returns as `safeParse` does, also for such a value
 */
export function readAs<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.ZodSafeParseResult<z.output<Schema>> {
  try {
    return schema.safeParse(value);
  } catch {
    // Whatever it was, the value is not what the schema wants.
    const issue = {
      code: "custom" as const,
      path: [],
      message: "no `length` that is a list or an object",
      input: value,
    };
    return { success: false, error: new z.ZodRealError([issue]) as z.ZodError<z.output<Schema>> };
  }
}
