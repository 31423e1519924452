import { taskJsonSchema } from "../../task/json-schema.ts";
import { printJson } from "../output.ts";

/** Prints the JSON Schema of a task file. */
export async function schema(): Promise<number> {
  printJson(taskJsonSchema(), 2);
  return 0;
}
