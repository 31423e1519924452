import { describe, expect, it } from "vitest";
import { readMessage } from "../../src/worker/message.ts";

const SOURCE = { path: "/cat.jpg", width: 4, height: 3, bytes: 9, format: "jpeg", orientation: 6 };
const FACTS = { dominant: "#0a0b0c", thumbhash: "1QcSHQRnh493V4dIh4eXh1h4kJUI", frames: 2 };

function prepared(source: object): unknown {
  return { kind: "ended", number: 1, attempt: 1, result: { kind: "prepared", source, outputs: [] } };
}

describe("what a worker says of a source", () => {
  it.each([SOURCE, { ...SOURCE, ...FACTS }])("is handed on when it is what we say ourselves: %j", (source) => {
    expect(readMessage(prepared(source))).toEqual(prepared(source));
  });

  it.each([
    { orientation: 0 },
    { orientation: 9 },
    { orientation: 1.5 },
    { orientation: undefined },
    { dominant: "#FFFFFF" },
    { dominant: "red" },
    { dominant: "#ffffff;" },
    { thumbhash: "" },
    { thumbhash: "<script>" },
    { thumbhash: "A".repeat(37) },
    { thumbhash: "A".repeat(100_000) },
    { frames: 1 },
  ])("is not believed otherwise: %j", (wrong) => {
    expect(readMessage(prepared({ ...SOURCE, ...wrong }))).toBeUndefined();
  });

  it("loses what nobody asked for", () => {
    expect(readMessage(prepared({ ...SOURCE, more: "x" }))).toEqual(prepared(SOURCE));
  });
});

describe("what a worker tells of a handler", () => {
  const id = { number: 1, attempt: 1 };
  it.each([
    { kind: "progress", ...id, part: 0.5, text: null },
    { kind: "progress", ...id, part: 1, text: "x".repeat(200) },
    { kind: "says", ...id, text: "x".repeat(1_024), fields: null, dropped: 0 },
    { kind: "says", ...id, text: "", fields: "x".repeat(4_096), dropped: 7 },
    { kind: "ended", ...id, result: { kind: "handled", json: "x".repeat(262_144) } },
  ])("is handed on within its bounds: %j", (message) => {
    expect(readMessage(message)).toEqual(message);
  });

  it.each([
    { kind: "progress", ...id, part: 1.1, text: null },
    { kind: "progress", ...id, part: -0.1, text: null },
    { kind: "progress", ...id, part: null, text: null },
    { kind: "progress", ...id, part: 0.5, text: "x".repeat(201) },
    { kind: "says", ...id, text: "x".repeat(1_025), fields: null, dropped: 0 },
    { kind: "says", ...id, text: "", fields: "x".repeat(4_097), dropped: 0 },
    { kind: "says", ...id, text: "", fields: {}, dropped: 0 },
    { kind: "says", ...id, text: "", fields: null, dropped: -1 },
    { kind: "ended", ...id, result: { kind: "handled", json: "x".repeat(262_145) } },
    { kind: "ended", ...id, result: { kind: "handled", json: { a: 1 } } },
    { kind: "ended", ...id, result: { kind: "handled" } },
    { kind: "spent", error: "no error" },
  ])("is not believed beyond them: %j", (message) => {
    expect(readMessage(message)).toBeUndefined();
  });
});
