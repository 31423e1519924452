import * as z from "zod";
import { orderSchema } from "./order.ts";
import { handlerTaskSchema, taskSchema } from "./task.ts";

type Schema = z.core.JSONSchema.BaseSchema;

/**
 * The JSON Schema of a task file, draft 2020-12: what an editor completes and a producer in another language checks.
 * What takes more than one member to see, as that an output has a format, only `checkTask` sees.
 */
export function taskJsonSchema(): Schema {
  const { $defs: words, ...picture } = z.toJSONSchema(taskSchema, AS_WRITTEN) as Members;
  const { $defs: _words, ...recipe } = z.toJSONSchema(orderSchema(), AS_WRITTEN) as Members;
  const { $defs: _anyJson, ...handler } = z.toJSONSchema(handlerTaskSchema(), AS_WRITTEN) as Members;
  const { outputs, data } = { ...picture.properties, ...handler.properties } as Record<string, Schema>;
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: "urn:spoold:task",
    title: "A task of spoold",
    oneOf: ["pictureTask", "recipeTask", "handlerTask"].map((name) => ({ $ref: `#/$defs/${name}` })),
    $defs: {
      pictureTask: {
        ...titled("A task on a picture", picture),
        properties: { ...picture.properties, outputs: { ...outputs, items: { $ref: "#/$defs/output" } } },
      },
      recipeTask: titled("A task on a picture whose outputs a recipe tells", recipe),
      handlerTask: {
        ...titled("Work for a handler", handler),
        // Any JSON: zod would spell out what that is.
        properties: { ...handler.properties, data: { description: data?.description } },
      },
      output: { title: "A picture to make", ...(outputs?.items as Schema) },
      ...words,
    },
  } as Schema;
}

/** What a file may hold before defaults are filled in. */
const AS_WRITTEN = { io: "input" } as const;

type Members = Schema & { readonly properties: Readonly<Record<string, Schema>> };

function titled(title: string, { $schema: _ofTheWhole, ...members }: Schema): object {
  return { title, ...members };
}
