import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ENCODERS, type Format } from "../../../src/image/vocabulary/encoders.ts";
import { RESIZE } from "../../../src/image/vocabulary/resize.ts";
import { STEPS, type StepWord } from "../../../src/image/vocabulary/table.ts";
import { tileOptions } from "../../../src/image/vocabulary/tile.ts";
import { membersOfInterface, wordsOfInterface, wordsOfType } from "../../support/declarations.ts";
import { membersOf } from "../../support/samples.ts";

/** What sharp has and we leave out, and why. A name that sharp has no more is a fault too. */
const LEFT_OUT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  OutputOptions: { force: "an output says its format" },
  OverlayOptions: {
    premultiplied: "about pixels in memory; our overlays are files",
    density: "vector pictures are not opened",
    animated: "an overlay is one picture",
    failOn: "our own: any fault in the data is an error",
    limitInputPixels: "our own: a setting of the daemon",
    autoOrient: "our own: overlays are turned upright",
  },
  CreateText: {
    fontfile: "a path that would be opened outside the roots",
    height: "would choose the size of the letters; `size` says it",
    dpi: "would choose the size of the letters; `size` says it",
    rgba: "for markup, whose sizes nobody bounds; `colour` says the colour",
  },
  Sharp: {
    ...{ metadata: "reads", stats: "reads", clone: "plumbing", toFile: "plumbing", toBuffer: "plumbing" },
    ...{ toUint8Array: "plumbing", raw: "plumbing", timeout: "the daemon has deadlines" },
    ...{ resize: "the top of an output", autoOrient: "always", toFormat: "`format`" },
    ...{ jpeg: "`encode`", png: "`encode`", webp: "`encode`", avif: "`encode`", gif: "`encode`", tiff: "`encode`" },
    ...{ heif: "HEIC needs another build of sharp", jp2: "needs another build", jxl: "needs another build" },
    tile: "`tile`",
    ...{ keepExif: "metadata is stripped", withExif: "metadata", withExifMerge: "metadata", keepXmp: "metadata" },
    ...{ withXmp: "metadata", keepIccProfile: "metadata", withIccProfile: "metadata", keepMetadata: "metadata" },
    ...{ withMetadata: "metadata", withDensity: "metadata" },
    ...{ normalize: "normalise", greyscale: "grayscale" },
    ...{ toColourspace: "outputs are sRGB", toColorspace: "outputs are sRGB" },
    ...{ pipelineColourspace: "outputs are sRGB", pipelineColorspace: "outputs are sRGB" },
    ...{ removeAlpha: "flatten", ensureAlpha: "not asked for yet", unflatten: "not asked for yet" },
    ...{ extractChannel: "not asked for yet", joinChannel: "not asked for yet" },
    ...{ bandbool: "not asked for yet", boolean: "not asked for yet" },
  },
};

/** The members of our own that sharp takes otherwise. */
const OUR_OWN: Readonly<Record<string, readonly string[]>> = {
  RotateOptions: ["angle"],
  ThresholdOptions: ["threshold"],
  AffineOptions: ["matrix"],
  OverlayOptions: ["width", "opacity"],
  CreateText: ["size", "colour", "gravity", "top", "left", "tile", "blend", "opacity"],
};

const OPTIONS: Readonly<Partial<Record<StepWord, string>>> = {
  ...{ rotate: "RotateOptions", extract: "Region", trim: "TrimOptions", extend: "ExtendOptions" },
  ...{ flatten: "FlattenOptions", affine: "AffineOptions", sharpen: "SharpenOptions", blur: "BlurOptions" },
  ...{ negate: "NegateOptions", normalise: "NormaliseOptions", clahe: "ClaheOptions", convolve: "Kernel" },
  ...{ threshold: "ThresholdOptions", composite: "OverlayOptions", text: "CreateText" },
};

const ENCODER_OPTIONS: Readonly<Record<Format, readonly string[]>> = {
  jpeg: ["JpegOptions"],
  png: ["PngOptions"],
  webp: ["WebpOptions", "AnimationOptions"],
  avif: ["AvifOptions"],
  gif: ["GifOptions", "AnimationOptions"],
  tiff: ["TiffOptions"],
};

describe("the vocabulary is sharp's own", () => {
  it("for the resize of an output", () => {
    expect(Object.keys(RESIZE).toSorted()).toEqual(membersOfInterface("ResizeOptions").toSorted());
  });

  it("for the tiles of a pyramid", () => {
    expect(Object.keys(tileOptions().shape).toSorted()).toEqual(membersOfInterface("TileOptions").toSorted());
  });

  it.each(Object.entries(OPTIONS))("for the argument of the step %s", (word, name) => {
    const ours = membersOf(STEPS[word as StepWord].argument);
    expect(withoutOwn(name, ours)).toEqual(withoutLeft(name));
  });

  it.each(Object.entries(ENCODER_OPTIONS))("for the options of the %s encoder", (format, names) => {
    const ours = Object.keys(ENCODERS[format as Format].options.shape);
    expect(ours.toSorted()).toEqual(names.flatMap(membersOfInterface).toSorted());
    expect(membersOfInterface("OutputOptions")).toEqual(Object.keys(LEFT_OUT["OutputOptions"] ?? {}));
  });

  it("for the steps: each operation is one, or is left out for a reason", () => {
    const [own, left] = [Object.keys(STEPS).filter((word) => word !== "text"), Object.keys(LEFT_OUT["Sharp"] ?? {})];
    expect([...own, ...left].toSorted()).toEqual(membersOfInterface("Sharp").toSorted());
  });

  it.each<[string, readonly string[], z.ZodType]>([
    ["fit", membersOfInterface("FitEnum"), RESIZE.fit],
    ["kernel", membersOfInterface("KernelEnum"), RESIZE.kernel],
    ["blend", wordsOfType("Blend"), member("composite", "blend")],
    ["gravity", membersOfInterface("GravityEnum"), member("composite", "gravity")],
    ["extendWith", wordsOfType("ExtendWith"), member("extend", "extendWith")],
    ["precision", wordsOfType("Precision"), member("blur", "precision")],
    ["interpolator", wordsOfInterface("Interpolators"), member("affine", "interpolator")],
    ["align", wordsOfType("TextAlign"), member("text", "align")],
    ["wrap", wordsOfType("TextWrap"), member("text", "wrap")],
    ["preset", membersOfInterface("PresetEnum"), ENCODERS.webp.options.shape.preset],
    ["container", wordsOfType("TileContainer"), tileOptions().shape.container],
    ["layout", wordsOfType("TileLayout"), tileOptions().shape.layout],
    ["tune", wordsOfType("HeifTune"), ENCODERS.avif.options.shape.tune],
  ])("for the words of %s", (_name, theirs, schema) => {
    expect(z.toJSONSchema(schema).enum?.toSorted()).toEqual(theirs.toSorted());
  });

  it("for positions, which sharp's types do not name", () => {
    const known = [...membersOfInterface("GravityEnum"), ...membersOfInterface("StrategyEnum")];
    for (const word of known) expect(RESIZE.position.safeParse(word).success).toBe(true);
  });
});

function withoutLeft(name: string): string[] {
  const left = Object.keys(LEFT_OUT[name] ?? {});
  const theirs = membersOfInterface(name);
  expect(left.filter((option) => !theirs.includes(option))).toEqual([]);
  return theirs.filter((option) => !left.includes(option)).toSorted();
}

function withoutOwn(name: string, ours: readonly string[]): string[] {
  // Width is sharp's own in lettering, and ours in overlays: the list says which.
  return ours.filter((option) => !OUR_OWN[name]?.includes(option)).toSorted();
}

function member(word: StepWord, name: string): z.ZodType {
  const { argument } = STEPS[word];
  const forms: readonly z.ZodType[] = argument instanceof z.ZodUnion ? argument.options : [argument];
  const object = forms.find((form) => form instanceof z.ZodObject);
  return object?.shape[name] as z.ZodType;
}
