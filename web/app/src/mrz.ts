/**
 * The two lines at the bottom of a passport's photo page, checked while they are typed (ICAO Doc 9303-4, 4.2.2). The
 * server reads them; this only says early, and exactly, which character looks wrong.
 */

export const WIDTH = 44;
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const WEIGHTS = [7, 3, 1] as const;
/** Letters that are taken for digits, by people and by cameras. */
const DIGIT_FOR: Record<string, string> = { O: "0", Q: "0", D: "0", I: "1", L: "1", Z: "2", S: "5", G: "6", B: "8" };
/** Positions in line 2 where only a digit can stand, counted from 1: check digits, birth date, expiry. */
const DIGITS = [10, 14, 15, 16, 17, 18, 19, 20, 22, 23, 24, 25, 26, 27, 28, 44];

export type Fault =
  | { kind: "empty" }
  | { kind: "lines" }
  | { kind: "length"; line: number; count: number }
  | { kind: "character"; line: number; position: number; found: string }
  | { kind: "digit"; line: number; position: number; found: string; meant: string }
  | { kind: "number" | "birth" | "expiry" | "whole" };

/** The lines of a typed or pasted text: upper case, without spaces; one line of 88 is two. */
export function linesOf(text: string): string[] {
  const lines = text.toUpperCase().split(/[\r\n]+/).map((line) => line.replace(/\s/g, "").replace(/[«‹]/g, "<")).filter(Boolean);
  const only = lines.length === 1 ? (lines[0] ?? "") : "";
  return only.length === 2 * WIDTH ? [only.slice(0, WIDTH), only.slice(WIDTH)] : lines;
}

/** The check digit of a text: weights 7, 3, 1; `<` counts 0, A to Z count 10 to 35. */
export function checkDigit(text: string): string {
  const sum = [...text].reduce((total, c, at) => total + Math.max(0, ALPHABET.indexOf(c)) * (WEIGHTS[at % 3] ?? 0), 0);
  return String(sum % 10);
}

/** The first thing that looks wrong, or undefined. Other shapes than a passport's are left to the server. */
export function faultOf(text: string): Fault | undefined {
  const lines = linesOf(text);
  if (lines.length === 0) return { kind: "empty" };
  if (lines.length === 3 || (lines.length === 2 && lines.every((line) => line.length === 36))) return undefined;
  const upper = lines[0] ?? "";
  const lower = lines[1] ?? "";
  for (const [at, line] of lines.entries()) {
    const position = [...line].findIndex((c) => c !== "<" && !ALPHABET.includes(c)) + 1;
    if (position) return { kind: "character", line: at + 1, position, found: line[position - 1] ?? "" };
  }
  if (lines.length !== 2) return { kind: "lines" };
  for (const [at, line] of [upper, lower].entries()) {
    if (line.length !== WIDTH) return { kind: "length", line: at + 1, count: line.length };
  }
  return faultOfLower(lower);
}

function faultOfLower(line: string): Fault | undefined {
  for (const position of DIGITS) {
    const found = line[position - 1] ?? "";
    const meant = DIGIT_FOR[found];
    if (meant) return { kind: "digit", line: 2, position, found, meant };
  }
  const part = (first: number, last: number): string => line.slice(first - 1, last);
  if (checkDigit(part(1, 9)) !== part(10, 10)) return { kind: "number" };
  if (checkDigit(part(14, 19)) !== part(20, 20)) return { kind: "birth" };
  if (part(22, 27) !== "<<<<<<" && checkDigit(part(22, 27)) !== part(28, 28)) return { kind: "expiry" };
  if (checkDigit(part(1, 10) + part(14, 20) + part(22, 43)) !== part(44, 44)) return { kind: "whole" };
  return undefined;
}
