import * as z from "zod";

type Json = z.core.JSONSchema.BaseSchema;

/** What a schema accepts, in a few words for people: `0.3 to 250`, `` `left` or `right` ``, `{ sigma, precision? }`. */
export function spell(schema: z.ZodType): string {
  return spellJson(z.toJSONSchema(schema, { io: "input" }));
}

function spellJson(json: Json): string {
  if (json.$ref !== undefined || json.id !== undefined) return (json.$ref ?? json.id ?? "").replace(/^.*\//, "");
  if (json.anyOf !== undefined) return json.anyOf.map((form) => spellJson(form as Json)).join(" or ");
  if (json.const !== undefined) return JSON.stringify(json.const);
  if (json.enum !== undefined) return json.enum.map((word) => `\`${word}\``).join(" ");
  switch (json.type) {
    case "boolean":
      return "true or false";
    case "integer":
    case "number":
      return `${json.type === "number" ? "" : "whole "}${json.minimum} to ${json.maximum}`;
    case "array":
      return spellList(json);
    case "object":
      return spellObject(json);
    default:
      return "text";
  }
}

function spellList({ prefixItems, items }: Json): string {
  if (prefixItems !== undefined) return `[${prefixItems.map((item) => spellJson(item as Json)).join(", ")}]`;
  return `list of ${spellJson(items as Json)}`;
}

function spellObject({ properties = {}, required = [] }: Json): string {
  const members = Object.entries(properties).map(([member, schema]) => {
    return `${member}${required.includes(member) ? "" : "?"}: ${spellJson(schema as Json)}`;
  });
  return `{ ${members.join(", ")} }`;
}
