/** How alike two pictures of one size are: PSNR and SSIM of their luma. */

/** One plane of a picture, row by row; values from 0 to 255, not rounded. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly values: Float64Array;
}

const PEAK = 255;
/** The window of the original paper: Gaussian, 11 wide, sigma 1.5. */
const RADIUS = 5;
const SIGMA = 1.5;
/** Its constants, which keep flat windows from dividing by nothing. */
const C1 = (0.01 * PEAK) ** 2;
const C2 = (0.03 * PEAK) ** 2;

/**
 * Peak signal-to-noise ratio.
 * @returns dB; Infinity when the planes are identical
 * @throws RangeError when their sizes differ
 */
export function psnr(a: Plane, b: Plane): number {
  requireSameSize(a, b);
  let squares = 0;
  for (let index = 0; index < a.values.length; index++) squares += (at(a, index) - at(b, index)) ** 2;
  return 10 * Math.log10(PEAK ** 2 / (squares / a.values.length));
}

/**
 * Mean structural similarity (Wang, Bovik, Sheikh, Simoncelli 2004), over windows that lie wholly inside.
 * @returns 1 when the planes are identical
 * @throws RangeError when their sizes differ or no window fits in
 */
export function ssim(a: Plane, b: Plane): number {
  requireSameSize(a, b);
  if (Math.min(a.width, a.height) <= 2 * RADIUS) throw new RangeError("smaller than one window");
  const meanA = blur(a);
  const meanB = blur(b);
  const squareA = blur(product(a, a));
  const squareB = blur(product(b, b));
  const cross = blur(product(a, b));
  let sum = 0;
  for (let index = 0; index < meanA.values.length; index++) {
    const ma = at(meanA, index);
    const mb = at(meanB, index);
    const varianceA = at(squareA, index) - ma * ma;
    const varianceB = at(squareB, index) - mb * mb;
    const covariance = at(cross, index) - ma * mb;
    sum += ((2 * ma * mb + C1) * (2 * covariance + C2)) / ((ma * ma + mb * mb + C1) * (varianceA + varianceB + C2));
  }
  return sum / meanA.values.length;
}

function requireSameSize(a: Plane, b: Plane): void {
  if (a.width !== b.width || a.height !== b.height)
    throw new RangeError(`${a.width}x${a.height} cannot be compared with ${b.width}x${b.height}`);
}

function product(a: Plane, b: Plane): Plane {
  return { ...a, values: a.values.map((value, index) => value * at(b, index)) };
}

/** The weighted mean of each window: along the rows, then along the columns. */
function blur(plane: Plane): Plane {
  const weights = Array.from({ length: 2 * RADIUS + 1 }, (_, tap) =>
    Math.exp(-((tap - RADIUS) ** 2) / (2 * SIGMA ** 2)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const kernel = Float64Array.from(weights, (weight) => weight / total);
  return narrow(narrow(plane, kernel), kernel);
}

/** Filters along the rows and turns the result on its side, so that doing it twice filters both ways. */
function narrow({ width, height, values }: Plane, kernel: Float64Array): Plane {
  const across = width - kernel.length + 1;
  const filtered = new Float64Array(across * height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < across; column++) {
      let sum = 0;
      const start = row * width + column;
      for (let tap = 0; tap < kernel.length; tap++) sum += (kernel[tap] ?? 0) * (values[start + tap] ?? 0);
      filtered[column * height + row] = sum;
    }
  }
  return { width: height, height: across, values: filtered };
}

function at({ values }: Plane, index: number): number {
  return values[index] ?? 0;
}
