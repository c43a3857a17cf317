import { useStore } from "@xyflow/react";
import type { ReactElement } from "react";
import { DOT_TILE, dotGap } from "./geometry.ts";

/** The dots behind the drawing: a picture as large as the pane that is only moved and stretched, so that no frame of a zoom has to paint it. */
export function Dots(): ReactElement {
  const x = useStore((store) => store.transform[0]);
  const y = useStore((store) => store.transform[1]);
  const gap = useStore((store) => dotGap(store.transform[2]));
  const start = (offset: number): number => ((((offset - gap / 2) % gap) + gap) % gap) - gap;
  return <div className="dots" style={{ transform: `translate(${start(x)}px, ${start(y)}px) scale(${gap / DOT_TILE})` }} />;
}
