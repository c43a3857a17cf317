import type { Param } from "./catalogue.ts";
import type { ParamValue } from "./types.ts";

export type Parsed = { readonly ok: true; readonly value: ParamValue } | { readonly ok: false; readonly says: string };

const good = (value: ParamValue): Parsed => ({ ok: true, value });
const bad = (says: string): Parsed => ({ ok: false, says });

const figure = (value: number): string => value.toLocaleString("en-US", { maximumFractionDigits: 12 });

function range(param: Param): string {
  const { min, max } = param;
  if (typeof min === "number" && typeof max === "number") return ` from ${figure(min)} to ${figure(max)}`;
  if (typeof min === "number") return ` of at least ${figure(min)}`;
  return typeof max === "number" ? ` of at most ${figure(max)}` : "";
}

function outside(value: number, param: Param): boolean {
  return (typeof param.min === "number" && value < param.min) || (typeof param.max === "number" && value > param.max);
}

function parseNumber(text: string, param: Param, whole: boolean): Parsed {
  const wanted = `${param.name} must be a ${whole ? "whole number" : "number"}${range(param)}`;
  const pattern = whole ? /^[+-]?\d{1,9}$/ : /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  if (!pattern.test(text)) return bad(`${wanted}; “${text.slice(0, 24)}” is not one.`);
  const value = Number(text);
  if (!Number.isFinite(value)) return bad(`${wanted}; ${text.slice(0, 24)} is too large.`);
  return outside(value, param) ? bad(`${wanted}; ${figure(value)} is outside.`) : good(value);
}

function parseInts(text: string, param: Param): Parsed {
  const parts = text.split(/[\s,×x*]+/i).filter((part) => part !== "");
  if (parts.length === 0) return bad(`${param.name} needs at least one whole number, such as 1 × 28 × 28.`);
  const values: number[] = [];
  for (const part of parts) {
    const parsed = parseNumber(part, param, true);
    if (!parsed.ok) return parsed;
    values.push(parsed.value as number);
  }
  return good(values);
}

/** The value that a person's text stands for, or what is wrong with it in words. */
export function parse(text: string, param: Param): Parsed {
  const trimmed = text.trim();
  if (trimmed === "") {
    return param.optional ? good(null) : bad(`${param.name} is empty; its default is ${show(param.default)}.`);
  }
  if (param.type === "ints") return parseInts(trimmed, param);
  return parseNumber(trimmed, param, param.type === "int");
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
