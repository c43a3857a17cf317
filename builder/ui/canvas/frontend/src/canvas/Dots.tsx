import { useStore } from "@xyflow/react";
import type { ReactElement } from "react";
import { dotGap } from "./geometry.ts";

/** The dots behind the drawing: a background of the page, which is painted several times as fast as React Flow's pattern. */
export function Dots(): ReactElement {
  const x = useStore((store) => store.transform[0]);
  const y = useStore((store) => store.transform[1]);
  const zoom = useStore((store) => store.transform[2]);
  const gap = dotGap(zoom);
  return <div className="dots" style={{ backgroundSize: `${gap}px ${gap}px`, backgroundPosition: `${x - gap / 2}px ${y - gap / 2}px` }} />;
}
