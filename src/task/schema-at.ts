/** Finds the part of a schema that a place in a value is checked by. */
import * as z from "zod";

export type Path = readonly (string | number)[];

/** The schema at a place, optional or not; undefined where a value has no place for it. */
export function schemaAt(schema: z.ZodType | undefined, path: Path): z.ZodType | undefined {
  const [step, ...rest] = path;
  const bare = bareOf(schema);
  if (step === undefined || bare === undefined) return bare;
  return schemaAt(memberOf(bare, step), rest);
}

/** The members that the object at a place may have; the one that only enqueue writes is nobody's typing error. */
export function knownMembers(schema: z.ZodType | undefined): string[] {
  return formsOf(schema)
    .flatMap((form) => (form instanceof z.ZodObject ? Object.keys(form.shape) : []))
    .filter((member) => member !== "key");
}

/** The words that may stand at a place. */
export function knownWords(schema: z.ZodType | undefined): string[] {
  return formsOf(schema).flatMap((form) => (form instanceof z.ZodEnum ? form.options.map(String) : []));
}

/** The schema inside what only says that it may be left out, or that it is made late. */
function bareOf(schema: z.ZodType | undefined): z.ZodType | undefined {
  const isWrapped = schema instanceof z.ZodOptional || schema instanceof z.ZodLazy;
  return isWrapped ? bareOf(schema.unwrap() as z.ZodType) : schema;
}

function memberOf(schema: z.ZodType, step: string | number): z.ZodType | undefined {
  for (const form of formsOf(schema)) {
    if (form instanceof z.ZodObject && Object.hasOwn(form.shape, step)) return form.shape[step] as z.ZodType;
    if (form instanceof z.ZodRecord) return form.valueType as z.ZodType;
    if (form instanceof z.ZodArray && typeof step === "number") return form.element as z.ZodType;
    if (form instanceof z.ZodTuple && typeof step === "number") return form.def.items[step] as z.ZodType | undefined;
  }
  return undefined;
}

function formsOf(schema: z.ZodType | undefined): readonly z.ZodType[] {
  if (schema instanceof z.ZodUnion) return (schema.options as readonly z.ZodType[]).flatMap(formsOf);
  return schema === undefined ? [] : [schema];
}
