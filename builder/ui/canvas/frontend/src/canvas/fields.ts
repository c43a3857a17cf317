import type { Param } from "./catalogue.ts";
import type { ParamValue } from "./types.ts";

/** A value that was read, or why the text is none; `meant` is a value that it may stand for. */
export type Parsed =
  | { readonly ok: true; readonly value: ParamValue }
  | { readonly ok: false; readonly says: string; readonly meant?: ParamValue };

const good = (value: ParamValue): Parsed => ({ ok: true, value });
const bad = (says: string, meant?: ParamValue): Parsed => (meant === undefined ? { ok: false, says } : { ok: false, says, meant });

const LONGEST = 24;
// More digits than these would be told rounded.
const EXACT = 1e15;
const figure = (value: number): string => value.toLocaleString("en-US", { maximumFractionDigits: 12 });

/** A text as a message quotes it: on one line, and not all of a long one. */
export function quoted(text: string): string {
  const letters = [...text.replace(/\s+/g, " ")];
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join("").trimEnd()}…` : letters.join("");
}

const DIGIT = /\p{Nd}/gu;

/** The value of a decimal digit of any script: each script has its ten in a row. */
function digit(letter: string): string {
  let code = letter.codePointAt(0) ?? 0;
  const last = code;
  while (last - code < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(code - 1))) code -= 1;
  return String(last - code);
}

/** What a keyboard of another script or a copied page makes of a number, in the signs that numbers are written with here. */
function plain(text: string): string {
  const usual = text.normalize("NFKC").replace(/[\u200b-\u200f\u2060\ufeff]/g, "").replace(/[\u2212\u2013]/g, "-");
  return usual.replace(DIGIT, (letter) => (letter <= "9" ? letter : digit(letter))).replace(/(?<=\d)_(?=\d)/g, "").trim();
}

function range(param: Param): string {
  const { min, max } = param;
  if (typeof min === "number" && typeof max === "number") return ` from ${figure(min)} to ${figure(max)}`;
  if (typeof min === "number") return ` of at least ${figure(min)}`;
  return typeof max === "number" ? ` of at most ${figure(max)}` : "";
}

/** The nearest value that the parameter may have. */
export function nearest(value: number, { min, max, type }: Param): number {
  const most = type === "float" ? Number.MAX_VALUE : Number.MAX_SAFE_INTEGER;
  return Math.min(max ?? most, Math.max(min ?? -most, type === "float" ? value : Math.round(value)));
}

/** What a number outside the limits may stand for: where it begins is often meant, where it ends hardly ever. */
function likely(value: number, param: Param): number | undefined {
  const near = nearest(value, param);
  return near < value && typeof param.max === "number" && value > param.max ? undefined : near;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

const THOUSANDS = /^\d{1,3}([, ']\d{3})+$/;

/** The number that a text nearly is: with a comma for the point, with commas between thousands, with a word behind it. */
function meant(text: string, param: Param): number | undefined {
  if (text.length > LONGEST) return undefined;
  if (THOUSANDS.test(text) && param.type !== "float") return likely(Number(text.replace(/\D/g, "")), param);
  if (/^\d+([.,]\d+)?\s*%$/.test(text) && param.type === "float") return likely(Number.parseFloat(text.replace(",", ".")) / 100, param);
  if (/^[+-]?\d+,\d+$/.test(text) && param.type === "float") return likely(Number(text.replace(",", ".")), param);
  const found = text.match(/\d+(\.\d+)?/g) ?? [];
  return found.length === 1 ? likely(Number(found[0]), param) : undefined;
}

function parseNumber(given: string, param: Param): Parsed {
  const whole = param.type !== "float";
  const wanted = `${param.name} must be a ${whole ? "whole number" : "number"}${range(param)}`;
  const text = plain(given);
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) return bad(`${wanted}; “${quoted(given)}” is not one.`, meant(text, param));
  const told = Math.abs(value) < EXACT ? figure(value) : quoted(given);
  if (!Number.isFinite(value)) return bad(`${wanted}; ${told} is too large.`);
  if (whole && !Number.isInteger(value)) return bad(`${wanted}; ${told} is not one.`, likely(value, param));
  return nearest(value, param) === value ? good(value) : bad(`${wanted}; ${told} is outside.`, likely(value, param));
}

/** Letters that people write for the size of a batch, which a shape here has not. */
const BATCH = /^(n|b|none|batch|-1|\?)$/i;

function parseInts(text: string, param: Param): Parsed {
  const parts = text.split(/[\s,×x*()[\]]+/i).filter((part) => part !== "");
  if (parts.length === 0) return bad(`${param.name} needs at least one whole number, such as 1 × 28 × 28.`, param.default);
  const read = parts.map((part) => parseNumber(part, param));
  const wrong = read.find((one) => !one.ok);
  if (wrong && !wrong.ok) {
    const meant = parts.flatMap((part, i) => (i === 0 && parts.length > 1 && BATCH.test(part) ? [] : [valueOrMeant(read[i])]));
    return bad(wrong.says, meant.every((one) => typeof one === "number") ? meant : undefined);
  }
  const { fewest = 1, most = parts.length } = param;
  if (parts.length < fewest || parts.length > most) return bad(`${param.name} must be ${fewest} to ${most} whole numbers; here ${parts.length === 1 ? "is 1" : `are ${parts.length}`}.`);
  return good(read.map(valueOrMeant) as number[]);
}

function valueOrMeant(parsed: Parsed | undefined): ParamValue | undefined {
  return parsed?.ok ? parsed.value : parsed?.meant;
}

const PAIR = /^[([]?\s*(\d{1,9})\s*[\s,×x*]\s*(\d{1,9})\s*[)\]]?$/i;

const SEVERAL = /\d\s*[\s,×x*]\s*\d/i;

/** One number for each axis, where a text gives two. */
function twoAxes(text: string, param: Param): ParamValue | undefined {
  const [, height, width] = param.axes === 2 && !THOUSANDS.test(text) ? (PAIR.exec(plain(text)) ?? []) : [];
  if (height === undefined || width === undefined) return undefined;
  return joinPair(nearest(Number(height), param), nearest(Number(width), param));
}

/** The value that a person's text stands for, or what is wrong with it in words. */
export function parse(text: string, param: Param): Parsed {
  const trimmed = text.trim();
  if (trimmed === "") {
    if (param.type === "ints" && param.fewest === 0) return good([]);
    return param.optional ? good(null) : bad(`${param.name} is empty; its default is ${show(param.default)}.`, param.default);
  }
  // The form of a text is the server's to judge.
  if (param.type === "text") return good(trimmed);
  if (param.type === "ints") return parseInts(trimmed, param);
  if (param.axes === 3 && SEVERAL.test(trimmed)) return parseInts(trimmed, { ...param, fewest: 3, most: 3 });
  const parsed = parseNumber(trimmed, param);
  const pair = parsed.ok ? undefined : twoAxes(trimmed, param);
  return parsed.ok || pair === undefined ? parsed : bad(parsed.says, pair);
}

/** A value as a person would write it. */
export function show(value: ParamValue): string {
  if (value === null) return "";
  if (typeof value === "object") return value.join(" × ");
  return typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
}

/** Both components of a value that has one for each axis. */
export function pair(value: ParamValue): readonly [ParamValue, ParamValue] {
  return Array.isArray(value) ? [value[0] ?? null, value[1] ?? null] : [value as ParamValue, value as ParamValue];
}

/** Equal components are stored as one number. */
export function joinPair(height: ParamValue, width: ParamValue): ParamValue {
  if (typeof height !== "number" || typeof width !== "number") return height ?? width;
  return height === width ? height : [height, width];
}

const KEYWORDS = new Set(
  ("False None True and as assert async await break class continue def del elif else except finally for from global if import in is " +
    "lambda nonlocal not or pass raise return try while with yield self").split(" "),
);

/** Why `name` cannot name a brick; null when it can. Names become Python attributes. */
export function nameProblem(name: string, taken: readonly string[]): string | null {
  if (name === "") return "A brick needs a name.";
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return "Letters, digits and _ only, not starting with a digit: the name becomes a Python attribute.";
  }
  if (KEYWORDS.has(name)) return `${name} is a word of Python.`;
  return taken.includes(name) ? `There is already a brick called ${name}.` : null;
}
