const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** 12345 -> "12,345". */
export function count(value: number): string {
  return whole.format(Math.round(value));
}

/** A share as a percentage with a decimal: 0.9712 -> "97.1 %". */
export function percent(share: number, digits = 1): string {
  return `${(share * 100).toFixed(digits)} %`;
}

/** A number with a typographic minus and three significant digits: -0.3127 -> "−0.313". */
export function number(value: number): string {
  return value.toPrecision(3).replace("-", "−");
}

/** Seconds in the words one would say: "3.2 s", "48 s", "2 min 5 s", "1 h 20 min". */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return s % 60 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${s / 60} min`;
  const minutes = Math.round(s / 60);
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
}

/** An estimate, rounded to what it is worth: "about 12 s", "about 4 min", "a moment". */
export function timeLeft(seconds: number): string {
  if (seconds < 1.5) return "a moment";
  if (seconds < 20) return `about ${Math.round(seconds)} s`;
  if (seconds < 100) return `about ${Math.round(seconds / 5) * 5} s`;
  return `about ${duration(Math.round(seconds / 60) * 60)}`;
}

/** 1 filter 1×5×5, 10 filters 3×3×3, 64 of 512 filters 1×28×28 when the layer has more than are shown; a matrix of shape (out, in, 1, 1) or (out, 1, 1, in) has neurons instead. */
export function filtersCaption(shape: readonly [number, number, number, number], of = 0): string {
  const [out, into, height, width] = shape;
  const one = height === 1 && (width === 1 || into === 1);
  const noun = one ? "neuron" : "filter";
  return `${of > out ? `${count(out)} of ${count(of)}` : count(out)} ${noun}${Math.max(out, of) === 1 ? "" : "s"} ${one ? `with ${count(into * width)} input${into * width === 1 ? "" : "s"}` : `${into}×${height}×${width}`}`;
}
