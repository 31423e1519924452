/** Values for fast-check: any at all, such as look like tasks, and tasks. */
import fc from "fast-check";

/** Names that mean something to JavaScript, to the program, or to a terminal. */
const NAMES = [
  ...["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "toJSON", "then", "length"],
  ...["key", "source", "outputs", "handler", "data", "recipe", "vars", "steps", "file", "width", "encode", "tile"],
  ...["priority", "runAt", "delay", "dedupe", "after", "batch", "afterBatch", "reads", "writes", "from", "every"],
  ...["\u001b[2J", "\u0000", "\u202e", "~/", "~1", "", " ", "0", "-1", "polluted", "\ud800"],
] as const;

const TEXTS = [
  ...[
    "../../x",
    "/etc/passwd",
    "a.jpg",
    "{name}",
    "{",
    "}",
    "{constructor}",
    "{__proto__}",
    "{key}{key}",
    "a/{dir}/b.png",
  ],
  ...["\u001b]0;x\u0007", "\u009b31m", "\u202eabc", "\ud800", "NaN", "1e999", "2027-01-31T12:00:00Z", "9".repeat(400)],
  ...["0".repeat(64), "x".repeat(5_000), "@daily", "* * * * *", "note", "sync"],
] as const;

const text = fc.oneof(fc.constantFrom(...TEXTS), fc.constantFrom(...NAMES), fc.string(), fc.string({ unit: "binary" }));
const number = fc.oneof(
  fc.constantFrom(0, -0, -1, 1, 2 ** 31, 2 ** 53, 2 ** 53 + 2, 1e308, 5e-324, 16_383, 16_384, 100, 101),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const leaf = fc.oneof(text, number, fc.constantFrom(null, true, false));

/** A dictionary that may have `__proto__` as a member of its own, as `JSON.parse` makes it. */
function members(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const name = fc.oneof(fc.constantFrom(...NAMES), fc.string());
  return fc.array(fc.tuple(name, value), { maxLength: 6 }).map((pairs) => {
    const json = pairs.map(([member, each]) => `${JSON.stringify(member)}:${JSON.stringify(each) ?? "null"}`);
    return JSON.parse(`{${json.join(",")}}`) as unknown;
  });
}

/** Text of lists in lists, or dictionaries: so deep that what calls itself for each level runs out of stack. */
const deep = fc.tuple(fc.constantFrom(10, 33, 500, 5_000), fc.boolean(), leaf).map(([levels, isList, inside]) => {
  const [open, close] = isList ? ["[", "]"] : ['{"steps":', "}"];
  return open.repeat(levels) + textOf(inside) + close.repeat(levels);
});

const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof({ depthSize: "small", withCrossShrink: false }, leaf, tie("list"), tie("dictionary")),
  list: fc.array(tie("tree"), { maxLength: 5 }),
  dictionary: members(tie("tree")),
}));

/** The text of any JSON there is. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: tree.map(textOf) },
  { weight: 3, arbitrary: fc.jsonValue().map(textOf) },
  { weight: 1, arbitrary: deep },
);

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}

const side = fc.integer({ min: 1, max: 16_383 });
const output = fc.record(
  {
    file: fc.constantFrom("a.jpg", "b/c.webp", "d.png", "{dir}/{name}.avif", "e.gif"),
    width: side,
    height: side,
    fit: fc.constantFrom("cover", "inside"),
    quality: fc.integer({ min: 1, max: 100 }),
    steps: fc.array(fc.constantFrom({ flip: true }, { blur: 2 }, { text: { text: "ü \u001b" } }), { maxLength: 3 }),
  },
  { requiredKeys: ["file"] },
);

/** What the schema takes, or nearly. */
export const wholeTask: fc.Arbitrary<object> = fc.oneof(
  fc.record(
    {
      source: fc.constantFrom("in.jpg", "a/b/ü.png"),
      outputs: fc.array(output, { minLength: 1, maxLength: 4 }),
      supplicant: fc.string({ unit: "grapheme" }),
      summary: fc.string(),
      priority: fc.integer({ min: 0, max: 100 }),
      dedupe: fc.constantFrom(true, "word"),
    },
    { requiredKeys: ["source", "outputs"] },
  ),
  fc.record({ handler: fc.constant("note"), data: fc.jsonValue() }),
  fc.record({ source: fc.constant("in.jpg"), recipe: fc.constant("gallery"), vars: fc.dictionary(fc.string(), leaf) }),
);

/** The text of a task with something else in one place, or one place more. */
export const nearTask: fc.Arbitrary<string> = fc
  .tuple(
    wholeTask,
    fc.constantFrom(...NAMES),
    fc.oneof({ weight: 9, arbitrary: tree.map(textOf) }, { weight: 1, arbitrary: deep }),
    fc.nat(),
  )
  .map(([task, name, text, place]) => {
    const copy = JSON.parse(JSON.stringify(task)) as object;
    const holders: object[] = [copy];
    for (const holder of holders)
      for (const member of Object.values(holder))
        if (typeof member === "object" && member !== null) holders.push(member);
    const holder = holders[place % holders.length] ?? copy;
    const names = [Array.isArray(holder) ? `${holder.length}` : name, ...Object.keys(holder)];
    const member = names[place % names.length] ?? name;
    Object.defineProperty(holder, member, { value: HOLE, enumerable: true, configurable: true });
    return JSON.stringify(copy).replace(`"${HOLE}"`, () => text);
  });

/** Stands where the text is put in. */
const HOLE = "c0ffee-hole";
