import fc from "fast-check";

/** A format that a source may have, for property tests: twice as often JPEG, which is shrunk while it loads. */
export const anyFormat = fc.constantFrom("jpeg", "jpeg", "png", "gif", "tiff", "webp");
