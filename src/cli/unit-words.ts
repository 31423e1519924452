/** How words are written in unit files of systemd, as systemd.syntax(7), systemd.service(5) and systemd.unit(5) say. */

/** A word among others: of a list of paths. `%` begins a specifier. */
export function unitWord(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&").replaceAll("%", "%%")}"`;
}

/** A word of a command line, where `$` begins a variable, too. */
export function commandWord(text: string): string {
  return isPlain(text) ? text : unitWord(text).replaceAll("$", "$$$$");
}

/** The program of a command line: the one word of it in which `$` means nothing. */
export function programWord(path: string): string {
  return isPlain(path) ? path : unitWord(path);
}

/** A path that is all of a value, which is then taken as it stands. */
export function wholePath(path: string): string {
  return path.replaceAll("%", "%%");
}

/**
 * Whether a path can be written in all of these ways, and shown: control characters and blanks at the end cannot in the
 * last one, nor a backslash there, which would join the next line.
 */
export function isWritable(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  return !/[\u0000-\u001f\u007f-\u009f\u2028\u2029\p{Bidi_Control}]|[\s\\]$/u.test(path);
}

function isPlain(text: string): boolean {
  return /^[\w./:=@,+-]+$/.test(text);
}
