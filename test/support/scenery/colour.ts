/** Red, green and blue from 0 to 255; beyond that while light is being added. */
export interface Colour {
  readonly r: number;
  readonly g: number;
  readonly b: number;
}

export function rgb(hex: number): Colour {
  return { r: hex >> 16, g: (hex >> 8) & 255, b: hex & 255 };
}

/** From `a` at 0 to `b` at 1. */
export function mix(a: Colour, b: Colour, t: number): Colour {
  return { r: a.r + (b.r - a.r) * t, g: a.g + (b.g - a.g) * t, b: a.b + (b.b - a.b) * t };
}

/** Adds light of a colour. */
export function add(a: Colour, light: Colour, strength: number): Colour {
  return { r: a.r + light.r * strength, g: a.g + light.g * strength, b: a.b + light.b * strength };
}

export function dim(a: Colour, factor: number): Colour {
  return { r: a.r * factor, g: a.g * factor, b: a.b * factor };
}

/** 0 below `from`, 1 above `to`, a soft step between. */
export function softStep(from: number, to: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return t * t * (3 - 2 * t);
}
