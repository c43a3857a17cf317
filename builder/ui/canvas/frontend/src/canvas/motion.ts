/** How views move: at once for people who asked for less motion. */
export function glide(): { duration: number } {
  return { duration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 220 };
}
