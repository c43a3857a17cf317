import type { Param } from "./catalogue.ts";
import { nearest } from "./fields.ts";

/** Pixels of a drag for one step. */
const STEP_PX = 3;

/** 0.0037 -> 0.005: the next of 1, 2, 5 times a power of ten. */
function round125(value: number): number {
  const ten = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((digit) => digit * ten >= value * 0.999) ?? 10) * ten;
}

/** How far one step of a drag leads: 1 for small whole numbers, more for large ones. */
export function stepOf(start: number, param: Param): number {
  const size = Math.abs(start);
  if (param.type === "int") return size < 128 ? 1 : 2 ** Math.floor(Math.log2(size / 64));
  const { min, max } = param;
  if (typeof min === "number" && typeof max === "number") return round125((max - min) / 100);
  return size > 0 ? round125(size / 50) : 0.01;
}

/** The value after a drag of `dx` pixels that began at `start`; `fine` makes the steps small. */
export function dragged(start: number, dx: number, param: Param, fine: boolean): number {
  const coarse = stepOf(start, param);
  const step = fine ? (param.type === "int" ? 1 : coarse / 10) : coarse;
  const value = start + Math.trunc(dx / STEP_PX) * step;
  const even = param.type === "int" ? Math.round(value) : Number((Math.round(value / step) * step).toPrecision(12));
  return nearest(even, param);
}

/** How far the n-th repeat of a stepper that is held down leads: further the longer it is held. */
export function held(repeat: number): number {
  return repeat < 8 ? 1 : repeat < 20 ? 2 : 2 ** Math.min(6, Math.floor(repeat / 10));
}

const MOST = 12;

/** Whole numbers that are often wanted, from the limits, the default and the value in force. */
export function suggested(param: Param, value: number | null): readonly number[] {
  if (param.type !== "int") return [];
  const usual = typeof param.default === "number" ? param.default : (param.min ?? 1);
  const now = value ?? usual;
  const small = Math.max(Math.abs(usual), Math.abs(now)) <= 10;
  const least = Math.max(param.min ?? 0, usual < 0 ? usual : 0);
  const first = small ? Array.from({ length: 10 }, (_, i) => least + i) : Array.from({ length: 11 }, (_, i) => 2 ** i);
  const all = new Set([...first, usual, now, ...(small ? [] : [10, now * 2, Math.floor(now / 2)])].filter((one) => nearest(one, param) === one));
  const likely = [...all].sort((a, b) => Math.abs(Math.log2((a + 1) / (now + 1))) - Math.abs(Math.log2((b + 1) / (now + 1))));
  return likely.slice(0, MOST).sort((a, b) => a - b);
}
