import type { ReactElement } from "react";
import { usePart } from "./context.ts";
import { polygon, type Sizes, SLAB, slabOf } from "./slab.ts";

/** The tensor that leaves a brick, drawn in proportion to the largest of the drawing; the text beside it says its sizes. */
export function SlabGlyph({ sizes }: { readonly sizes: Sizes | null | undefined }): ReactElement | null {
  const scale = usePart((snap) => snap.scale);
  const slab = slabOf(sizes, scale);
  if (!slab) return null;
  return (
    <svg className="slab" viewBox={`0 0 ${SLAB.width} ${SLAB.height}`} width={SLAB.width} height={SLAB.height} aria-hidden="true" focusable="false">
      {slab.top && <polygon className="slab-top" points={polygon(slab.top)} />}
      {slab.side && <polygon className="slab-side" points={polygon(slab.side)} />}
      <polygon points={polygon(slab.front)} />
    </svg>
  );
}
