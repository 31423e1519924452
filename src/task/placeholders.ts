/**
 * Placeholders in text: `{word}` stands for the value of that word, `{{` and `}}` for one brace. They are filled in
 * after JSON has been parsed, string by string: no value can end its string, add a member, or be read for
 * placeholders again.
 */
import { closest } from "fastest-levenshtein";
import type { Fault } from "./faults.ts";
import { pointerTo } from "./issues.ts";

/** What each word stands for; null for one that is known but has no value where it stands. */
export type Words = ReadonlyMap<string, string | number | null>;

/** Where a value stands, what may be put into it, and whom to tell of what cannot. */
export interface Place {
  /** JSON pointer. */
  readonly pointer: string;
  readonly words: Words;
  readonly report: (fault: Fault) => void;
}

/** A part of a text: as it was written, or the value of a word. */
export interface Piece {
  readonly value: string | number;
  readonly isWord: boolean;
}

/** Nobody writes a task as deep as this; the stack has its end far beyond. */
const MAX_DEPTH = 64;

/** A brace that means itself, a placeholder, a brace that stands alone, or text without braces. */
const TOKEN = /\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g;

/**
 * Fills in all text within a value. Members, lists and their lengths stay what they are; a text that is one
 * placeholder and nothing else becomes a number where the word is one.
 */
export function fillIn(value: unknown, place: Place): unknown {
  if (typeof value === "string") return fillText(value, place);
  if (typeof value !== "object" || value === null) return value;
  if (place.pointer.split("/").length > MAX_DEPTH) {
    place.report({ pointer: place.pointer, expected: `at most ${MAX_DEPTH} levels` });
    return value;
  }
  if (Array.isArray(value)) return value.map((member, index) => fillIn(member, within(place, index)));
  // fromEntries, not assignment: a member may be called __proto__.
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, fillIn(member, within(place, name))]));
}

/** The parts of a text, placeholders filled in; what cannot be is reported and stays as it was written. */
export function piecesOf(text: string, place: Place): readonly Piece[] {
  return [...text.matchAll(TOKEN)].map(([token, word]) => {
    if (token === "{{" || token === "}}") return { value: token.charAt(0), isWord: false };
    if (word !== undefined) return { value: lookUp(word, text, place) ?? token, isWord: true };
    if (token === "{" || token === "}") place.report(loneBrace(token, text, place));
    return { value: token, isWord: false };
  });
}

/** The text that pieces make. */
export function joined(pieces: readonly Piece[]): string {
  return pieces.map(({ value }) => String(value)).join("");
}

/** The place of a member. */
export function within(place: Place, step: string | number): Place {
  return { ...place, pointer: place.pointer + pointerTo([step]) };
}

function fillText(text: string, place: Place): string | number {
  const pieces = piecesOf(text, place);
  const [only] = pieces;
  return only?.isWord && pieces.length === 1 ? only.value : joined(pieces);
}

function lookUp(word: string, text: string, { words, pointer, report }: Place): string | number | undefined {
  const value = words.get(word);
  if (value !== null && value !== undefined) return value;
  const received = JSON.stringify(text).slice(0, 200);
  if (value === null) report({ pointer, expected: `{${word}} only where an output has a ${word}`, received });
  else {
    const known = [...words.keys()];
    const expected = `one of the placeholders ${known.map((each) => `{${each}}`).join(", ")}`;
    report({ pointer, expected, received, nearest: `{${closest(word, known)}}` });
  }
  return undefined;
}

function loneBrace(token: string, text: string, { pointer }: Place): Fault {
  const received = JSON.stringify(text).slice(0, 200);
  return { pointer, expected: `${token}${token} for a brace that is no placeholder`, received };
}
