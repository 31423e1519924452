/** What a step on a picture is: data. No sharp at run time here, so that the daemon and the command line may load it. */
import type { CreateText, Sharp } from "sharp";
import type * as z from "zod";
import { lazily } from "./lazily.ts";

/** Pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The picture that a step works on, and the two other pictures that it may ask for. */
export interface Stage extends Size {
  readonly hasAlpha: boolean;
  /**
   * Opens the picture that an overlay's path means, upright.
   * @throws as the context's `readOverlay`
   */
  readonly openOverlay: (path: string) => Promise<Sharp>;
  /** Opens lettering as a picture: black on nothing. */
  readonly openText: (text: CreateText) => Sharp;
}

/** One step of the vocabulary. */
export interface Step<Argument extends z.ZodType = z.ZodType> {
  /** What may stand behind the step's word, with every range. */
  readonly argument: Argument;
  /** What it does, in one line. */
  readonly tells: string;
  /** Whether it counts in 0 to 255, so that a picture with 16 bits a channel must be brought to 8 first. */
  readonly countsInBytes: boolean;
  /**
   * Asks sharp for the step.
   * @param picture a pipeline that does nothing else
   * @param argument checked again, so that what was not checked cannot reach sharp
   */
  apply(picture: Sharp, argument: unknown, stage: Stage): Sharp | Promise<Sharp>;
  /** The size that comes out, or one that it does not go beyond. */
  sizeAfter(argument: unknown, size: Size): Size;
  /** Whether `sizeAfter` tells the very size, whatever the pixels are. */
  foretellsSize(argument: unknown): boolean;
}

/** How a step is written down; what is left out has the plain answer. */
interface Entry<Argument extends z.ZodType> {
  readonly argument: () => Argument;
  readonly tells: string;
  readonly countsInBytes?: boolean;
  readonly apply: (picture: Sharp, argument: z.output<Argument>, stage: Stage) => Sharp | Promise<Sharp>;
  readonly sizeAfter?: (argument: z.output<Argument>, size: Size) => Size;
  readonly foretellsSize?: (argument: z.output<Argument>) => boolean;
}

/** Makes an entry of the table: its argument and what is done with it have the same type. */
export function step<Argument extends z.ZodType>(entry: Entry<Argument>): Step<Argument> {
  const { tells, countsInBytes = false, apply } = entry;
  const { sizeAfter = (_, size) => size, foretellsSize = () => true } = entry;
  const argument = lazily(entry.argument);
  return {
    get argument() {
      return argument();
    },
    tells,
    countsInBytes,
    apply: (picture, value, stage) => apply(picture, argument().parse(value), stage),
    sizeAfter: (value, size) => sizeAfter(argument().parse(value), size),
    foretellsSize: (value) => foretellsSize(argument().parse(value)),
  };
}
