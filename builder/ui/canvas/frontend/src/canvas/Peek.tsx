import { useReactFlow, useStore, ViewportPortal } from "@xyflow/react";
import { type KeyboardEvent, type MouseEvent, type ReactElement, useEffect, useMemo } from "react";
import { type Catalogue, slug } from "./catalogue.ts";
import { usePreview, useSession, useSnapshot } from "./context.ts";
import { BRICK, bounds, type Box, curve, endsOf, frameView, type Places } from "./geometry.ts";
import { Icon } from "./icons.tsx";
import { directionOf, place } from "./layout.ts";
import { glide } from "./motion.ts";
import { SlabGlyph } from "./Slab.tsx";
import { THUMB } from "./Thumb.tsx";
import { covered } from "./useView.ts";
import type { BrickNode, PeekData, Point } from "./types.ts";

const SCALE = 0.8;
const PAD = 20;
const HEAD = 41;
const AWAY = 40;
/** More bricks than a look aside can hold. */
const MOST = 60;

const NOTHING: Box = { x: 0, y: 0, width: BRICK.width, height: 0 };

interface InnerProps {
  readonly node: BrickNode;
  readonly at: Point;
  readonly peek: PeekData;
  readonly category: string;
  onOpen(id: string): void;
}

/** A brick of the inside: only to look at; a double click or Enter goes there. */
function Inner({ node, at, peek, category, onOpen }: InnerProps): ReactElement {
  const info = peek.infos[node.id];
  return (
    <button
      type="button"
      className="brick"
      data-category={category}
      style={{ left: at[0], top: at[1], ...BRICK }}
      aria-description={`Inside ${peek.id}. Press Enter to go inside the block to this brick.`}
      onDoubleClick={() => onOpen(node.id)}
      onClick={(event) => event.detail === 0 && onOpen(node.id)}
    >
      <span className="lines">
        <span className="line">
          <b className="name">{node.id}</b>
          <span className="kind">{node.kind}</span>
        </span>
        <span className="line">
          <span className="key">{info?.key}</span>
          <span className="shape">{info?.shape}</span>
        </span>
      </span>
      <span className="sizes">
        <SlabGlyph sizes={info?.sizes} />
      </span>
    </button>
  );
}

function Wires({ peek, places, catalogue }: { readonly peek: PeekData; readonly places: Places; readonly catalogue: Catalogue }): ReactElement {
  const way = directionOf(peek.document, places, "down");
  const lines = peek.document.edges.map((wire) => endsOf(peek.document, wire, places, catalogue, way)).filter((ends) => ends !== null);
  return (
    <svg aria-hidden="true" width="1" height="1">
      {lines.map((ends) => {
        const [from, ...rest] = curve(ends, way);
        const line = `M ${from.join(" ")} C ${rest.flat().join(" ")}`;
        return <path key={line} d={line} />;
      })}
    </svg>
  );
}

function Frame({ peek, at }: { readonly peek: PeekData; readonly at: Point }): ReactElement {
  const session = useSession();
  const { catalogue, path, direction } = useSnapshot();
  const away = AWAY + usePreview((state) => (state.file?.bricks?.[peek.id] === undefined ? 0 : THUMB));
  const { getViewport, setViewport } = useReactFlow();
  const width = useStore((store) => store.width);
  const height = useStore((store) => store.height);
  const places = useMemo(() => place(peek.document, new Map(), direction), [peek.document, direction]);
  const many = peek.document.nodes.length > MOST;
  const box = many ? NOTHING : (bounds(places.values()) ?? NOTHING);
  const size = { width: box.width * SCALE + 2 * PAD, height: many ? 0 : box.height * SCALE + 2 * PAD };
  const corner: Point = direction === "right" ? [at[0], at[1] + BRICK.height + away] : [at[0] + BRICK.width + away, at[1]];
  const open = (...ids: string[]): void => session.openPath([...path, peek.id], ids);
  useEffect(() => {
    const frame = { x: corner[0], y: corner[1], width: size.width, height: size.height + HEAD };
    const view = frameView(getViewport(), frame, at, { width: width - covered(session), height });
    if (view) void setViewport(view, glide()).then(() => session.keepView(view));
    // Once for each block that is looked into: afterwards the view is the person's.
  }, [peek.id]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    session.peek(null);
    session.desk.focus(peek.id);
  };
  const own = (event: MouseEvent): void => event.stopPropagation();
  const transform = `translate(${PAD - box.x * SCALE}px, ${PAD - box.y * SCALE}px) scale(${SCALE})`;
  return (
    <section className="peek nopan nodrag" aria-label={`Inside ${peek.id}`} style={{ transform: `translate(${corner[0]}px, ${corner[1]}px)`, width: size.width }} onKeyDown={onKeyDown} onDoubleClick={own}>
      <header>
        <b>Inside {peek.id}</b>
        <button type="button" className="button" onClick={() => open()}>
          Open
        </button>
        <button type="button" className="tool small" aria-label={`Collapse ${peek.id}`} title="Collapse" onClick={() => session.peek(null)}>
          <Icon name="close" />
        </button>
      </header>
      {many ? (
        <p>{peek.document.nodes.length} bricks are too many to show here: open the block to see them.</p>
      ) : (
        <div className="peek-inside" style={{ height: size.height }}>
          <div style={{ transform }}>
            <Wires peek={peek} places={places} catalogue={catalogue} />
            {peek.document.nodes.map((node) => (
              <Inner key={node.id} node={node} at={places.get(node.id) ?? [0, 0]} peek={peek} category={slug(catalogue.layers[node.kind]?.category)} onOpen={open} />
            ))}
          </div>
        </div>
      )}
    </section>
  );
}

/** The inside of a block in a frame beside it, where the block stands. */
export function Peek(): ReactElement | null {
  const { data, places } = useSnapshot();
  const at = data.peek ? places.get(data.peek.id) : undefined;
  if (!data.peek || !at) return null;
  return (
    <ViewportPortal>
      <Frame peek={data.peek} at={at} />
    </ViewportPortal>
  );
}
