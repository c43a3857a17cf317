/** From the first layer to the last; each is told from white and from black (3 to 1 and more). */
const RAMP = [[66, 99, 235], [190, 60, 160], [214, 124, 0]] as const;

/** The colour of number `i` of `count` things in a row. */
export function mix(i: number, count: number): string {
  const at = count > 1 ? (i / (count - 1)) * (RAMP.length - 1) : 0;
  const from = Math.min(Math.floor(at), RAMP.length - 2);
  const [a, b] = [RAMP[from]!, RAMP[from + 1]!];
  return `rgb(${a.map((part, k) => Math.round(part + (b[k]! - part) * (at - from))).join(", ")})`;
}
