import type { Colour } from "./colour.ts";

/** A landscape as data. Lengths and places are parts of the picture's height, from its top. */
export interface Scene {
  readonly title: string;
  readonly isPortrait: boolean;
  /** EXIF orientation, 1 to 8: how the camera was held. */
  readonly orientation: number;
  readonly zenith: Colour;
  readonly horizon: Colour;
  readonly light: Light;
  readonly clouds?: { readonly cover: number; readonly colour: Colour };
  readonly stars?: number;
  readonly aurora?: Colour;
  /** From the farthest to the nearest. */
  readonly ridges: readonly Ridge[];
  /** What distance and the floor of valleys fade into. */
  readonly haze: Colour;
  readonly water?: { readonly level: number; readonly tint: Colour };
}

/** Sun or moon. */
export interface Light {
  /** Part of the width. */
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly colour: Colour;
  /** How far and how strongly the air around it shines. */
  readonly glow: number;
}

export interface Ridge {
  /** Where its crest runs on average. */
  readonly crest: number;
  /** How far the crest strays from there, both ways together. */
  readonly rise: number;
  /** Lumps along one picture height: few are hills, many are crags. */
  readonly lumps: number;
  readonly colour: Colour;
  /** How far the haze has it, 0 to 1. */
  readonly distance: number;
  readonly cover: "slopes" | "crags" | "snow" | "dunes" | "meadow" | "firs";
}
