/** Kinds of pictures that sources and overlays may be. */

/** A kind of picture that may be opened, when the settings allow it. */
export type InputFormat = (typeof INPUT_FORMATS)[number];

/** Formats whose decoders are open unless the settings say otherwise. */
export const DEFAULT_FORMATS = ["jpeg", "png", "webp", "gif", "tiff", "avif"] as const;

/** All that the decoders that come with sharp open from memory. A drawing is a program: opened only where it is wanted. */
export const INPUT_FORMATS = [...DEFAULT_FORMATS, "svg"] as const;
