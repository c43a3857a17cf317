import type { Places } from "./geometry.ts";
import type { Point } from "./types.ts";

/** How views move: at once for people who asked for less motion. */
export function glide(): { duration: number } {
  return { duration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 220 };
}

// More bricks than this would glide in jerks.
const MOST = 200;

/** Places on the way from `before` to `now`; `share` 0 to 1. */
export function between(before: Places, now: Places, share: number): Places {
  const eased = 1 - (1 - share) ** 3;
  return new Map([...now].map(([id, at]) => [id, midway(before.get(id) ?? at, at, eased)]));
}

function midway(from: Point, to: Point, share: number): Point {
  return [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
}

/** Draw a movement of `count` bricks frame by frame, with shares up to 1; at once for many bricks and for people who asked for less motion. */
export function play(draw: (share: number) => void, count: number): () => void {
  const { duration } = glide();
  if (duration === 0 || count > MOST) return () => undefined;
  const start = performance.now();
  let frame = 0;
  const step = (now: number): void => {
    const share = Math.max(0, Math.min(1, (now - start) / duration));
    draw(share);
    if (share < 1) frame = requestAnimationFrame(step);
  };
  draw(0);
  frame = requestAnimationFrame(step);
  return () => cancelAnimationFrame(frame);
}
