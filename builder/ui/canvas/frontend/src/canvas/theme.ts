export type Theme = "light" | "dark";

/** Light or dark, from a CSS colour written as #rgb, #rrggbb or rgb(...). */
export function themeOf(color: string): Theme {
  const [r, g, b] = channels(color.trim());
  return 0.2126 * r + 0.7152 * g + 0.0722 * b < 128 ? "dark" : "light";
}

function channels(color: string): readonly [number, number, number] {
  const hex = /^#([0-9a-f]{3,8})$/i.exec(color)?.[1];
  if (hex) {
    const wide = hex.length < 6 ? [...hex].map((digit) => digit + digit).join("") : hex;
    return [0, 2, 4].map((at) => Number.parseInt(wide.slice(at, at + 2), 16)) as [number, number, number];
  }
  const numbers = color.match(/[\d.]+/g)?.map(Number) ?? [];
  return numbers.length >= 3 ? (numbers.slice(0, 3) as [number, number, number]) : [255, 255, 255];
}
