import { rgb } from "./colour.ts";
import type { Ridge, Scene } from "./scene.ts";

/** Twelve places. The order is that of the film; half of them were taken with the camera held another way. */
export const SCENES: readonly Scene[] = [
  {
    ...held("morning over the hills", "landscape", 1),
    ...sky(0x5b86b8, 0xf9d9a8, 0xf3cda4),
    light: { x: 0.68, y: 0.36, radius: 0.028, colour: rgb(0xffdf9e), glow: 0.9 },
    clouds: { cover: 0.42, colour: rgb(0xfff0dd) },
    ridges: [
      ridge("slopes", 0.5, 0.16, 1.6, 0x6b7f9c, 0.62),
      ridge("slopes", 0.58, 0.16, 1.2, 0x5d7a6a, 0.42),
      ridge("slopes", 0.7, 0.2, 0.9, 0x4d6b3e, 0.2),
      ridge("firs", 0.92, 0.16, 0.7, 0x26391f, 0.03),
    ],
  },
  {
    ...held("the tall fir wood", "portrait", 6),
    ...sky(0x8fa7ad, 0xe6e9df, 0xdfe5dd),
    light: { x: 0.3, y: 0.2, radius: 0.03, colour: rgb(0xfff6dc), glow: 0.5 },
    ridges: [
      ridge("firs", 0.52, 0.26, 1.4, 0x5f7a72, 0.6),
      ridge("firs", 0.66, 0.3, 1.2, 0x3f5d50, 0.36),
      ridge("firs", 0.84, 0.36, 0.9, 0x203c2e, 0.12),
    ],
  },
  {
    ...held("snow above the lake", "landscape", 1),
    ...sky(0x2f6fb5, 0xbfd9ec, 0xc7dcec),
    light: { x: 0.15, y: 0.1, radius: 0.025, colour: rgb(0xfffaf0), glow: 0.6 },
    clouds: { cover: 0.38, colour: rgb(0xffffff) },
    ridges: [ridge("snow", 0.34, 0.42, 2.4, 0x5c6878, 0.22), ridge("firs", 0.6, 0.08, 1.6, 0x2f4a3c, 0.12)],
    water: { level: 0.62, tint: rgb(0x1f5a78) },
  },
  {
    ...held("dunes toward evening", "portrait", 8),
    ...sky(0x3d6fa3, 0xf6c98d, 0xf2c795),
    light: { x: 0.78, y: 0.3, radius: 0.03, colour: rgb(0xffd590), glow: 0.7 },
    ridges: [
      ridge("dunes", 0.5, 0.1, 1.1, 0xd09a66, 0.4),
      ridge("dunes", 0.58, 0.2, 0.8, 0xc98752, 0.18),
      ridge("dunes", 0.74, 0.3, 0.6, 0xb86b38, 0.02),
    ],
  },
  {
    ...held("the sun goes into the sea", "landscape", 3),
    ...sky(0x3b3a6e, 0xff9a56, 0xd9805c),
    light: { x: 0.42, y: 0.5, radius: 0.05, colour: rgb(0xffb45e), glow: 1.1 },
    clouds: { cover: 0.5, colour: rgb(0xe8896a) },
    ridges: [ridge("crags", 0.6, 0.1, 2.2, 0x4a3350, 0.3), ridge("crags", 1.02, 0.5, 1.1, 0x1b1420, 0)],
    water: { level: 0.62, tint: rgb(0x2a2547) },
  },
  {
    ...held("barley before the storm", "landscape", 1),
    ...sky(0x39475a, 0x9fb0b8, 0x93a4ab),
    light: { x: 0.86, y: 0.3, radius: 0.001, colour: rgb(0xffe9a8), glow: 0.5 },
    clouds: { cover: 0.72, colour: rgb(0xb9c3cb) },
    ridges: [
      ridge("slopes", 0.56, 0.06, 1.4, 0x44604f, 0.4),
      ridge("firs", 0.61, 0.06, 1.8, 0x2c4030, 0.15),
      ridge("meadow", 0.62, 0.03, 0.7, 0xb48f3c, 0),
    ],
  },
  {
    ...held("the northern lights", "portrait", 6),
    ...sky(0x060b1f, 0x123247, 0x123040),
    light: { x: 0.8, y: 0.08, radius: 0.001, colour: rgb(0x7fb8ff), glow: 0.15 },
    stars: 0.3,
    aurora: rgb(0x46f0a0),
    ridges: [ridge("snow", 0.66, 0.22, 2, 0x1c2a3c, 0.3), ridge("firs", 0.76, 0.1, 1.2, 0x050a0d, 0)],
    water: { level: 0.78, tint: rgb(0x0b2430) },
  },
  {
    ...held("islands in the haze", "landscape", 1),
    ...sky(0x7fb0cf, 0xf4e6d4, 0xe9e2d8),
    light: { x: 0.56, y: 0.22, radius: 0.03, colour: rgb(0xfff1c9), glow: 0.8 },
    ridges: [
      ridge("slopes", 0.53, 0.1, 2.6, 0x7b98ab, 0.68),
      ridge("slopes", 0.57, 0.16, 1.9, 0x567a8c, 0.46),
      ridge("slopes", 0.59, 0.26, 1.1, 0x35586a, 0.22),
      ridge("firs", 1.1, 0.14, 0.8, 0x12222c, 0),
    ],
    water: { level: 0.6, tint: rgb(0x4f8da8) },
  },
  {
    ...held("red rocks", "portrait", 5),
    ...sky(0x2566b0, 0xa9cdea, 0xcfc3c0),
    light: { x: 0.2, y: 0.14, radius: 0.024, colour: rgb(0xfff4e0), glow: 0.6 },
    clouds: { cover: 0.34, colour: rgb(0xffffff) },
    ridges: [
      ridge("crags", 0.46, 0.34, 1.7, 0xa3624a, 0.34),
      ridge("crags", 0.64, 0.3, 1.3, 0xb0502f, 0.12),
      ridge("dunes", 0.82, 0.12, 0.9, 0xc47a4a, 0),
    ],
  },
  {
    ...held("moon over the pass", "landscape", 8),
    ...sky(0x0b1433, 0x3b4f7d, 0x33456f),
    light: { x: 0.3, y: 0.24, radius: 0.045, colour: rgb(0xdfe8ff), glow: 0.5 },
    stars: 0.22,
    clouds: { cover: 0.36, colour: rgb(0x6f82ab) },
    ridges: [
      ridge("snow", 0.5, 0.4, 2.2, 0x2a3856, 0.3),
      ridge("snow", 0.66, 0.34, 1.5, 0x18233c, 0.1),
      ridge("firs", 0.95, 0.2, 1, 0x070b16, 0),
    ],
  },
  {
    ...held("a meadow in May", "landscape", 1),
    ...sky(0x2e7cc4, 0xcfe6f3, 0xc4dbe0),
    light: { x: 0.12, y: 0.12, radius: 0.024, colour: rgb(0xfffbe2), glow: 0.5 },
    clouds: { cover: 0.5, colour: rgb(0xffffff) },
    ridges: [
      ridge("slopes", 0.46, 0.16, 1.3, 0x5f8f7a, 0.5),
      ridge("firs", 0.58, 0.1, 1.5, 0x33593a, 0.2),
      ridge("meadow", 0.62, 0.08, 0.8, 0x5f9a35, 0),
    ],
  },
  {
    ...held("autumn on the far shore", "portrait", 2),
    ...sky(0x6f93b5, 0xf0dcc0, 0xe3cfb6),
    light: { x: 0.62, y: 0.18, radius: 0.026, colour: rgb(0xffeabf), glow: 0.6 },
    clouds: { cover: 0.44, colour: rgb(0xfff3e2) },
    ridges: [
      ridge("slopes", 0.42, 0.2, 1.5, 0x7d7488, 0.5),
      ridge("firs", 0.52, 0.1, 1.6, 0xb0602c, 0.2),
      ridge("firs", 0.56, 0.08, 1.1, 0x8a3d1e, 0.06),
    ],
    water: { level: 0.58, tint: rgb(0x3a5564) },
  },
];

function held(title: string, way: "landscape" | "portrait", orientation: number) {
  return { title, isPortrait: way === "portrait", orientation };
}

function sky(zenith: number, horizon: number, haze: number) {
  return { zenith: rgb(zenith), horizon: rgb(horizon), haze: rgb(haze) };
}

function ridge(
  cover: Ridge["cover"],
  crest: number,
  rise: number,
  lumps: number,
  colour: number,
  distance: number,
): Ridge {
  return { cover, crest, rise, lumps, colour: rgb(colour), distance };
}
