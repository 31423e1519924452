import sharp from "sharp";

/** A JPEG that no encoder makes small, so that it takes its time. */
export async function placeNoisyPicture(
  path: string,
  { width, height }: { width: number; height: number },
): Promise<void> {
  const noise = { type: "gaussian" as const, mean: 128, sigma: 40 };
  await sharp({ create: { width, height, channels: 3, background: "black", noise } })
    .jpeg()
    .toFile(path);
}
