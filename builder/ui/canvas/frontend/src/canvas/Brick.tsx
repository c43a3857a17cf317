import type { NodeProps } from "@xyflow/react";
import { memo, type ReactElement, useEffect, useRef, useState } from "react";
import { BrickCard } from "./BrickCard.tsx";
import { useNamed, usePart } from "./context.ts";
import type { BrickData, FlowBrick } from "./flow.ts";
import { count, percent, plural, share, spoken, worst } from "./format.ts";
import { Ports } from "./Ports.tsx";
import { Lent, Sign } from "./Signs.tsx";
import { SlabGlyph } from "./Slab.tsx";
import { Thumb } from "./Thumb.tsx";
import type { BrickInfo, Problem } from "./types.ts";

const SHOW_MS = 300;
const HIDE_MS = 220;
const NONE: readonly Problem[] = [];

/** True a moment after the pointer came, until a moment after it left: long enough to reach the card. */
function useHover(): { readonly over: boolean; enter(): void; leave(): void } {
  const [over, setOver] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const soon = (value: boolean, wait: number): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setOver(value), wait);
  };
  return { over, enter: () => soon(true, SHOW_MS), leave: () => soon(false, HIDE_MS) };
}

function Bar({ share, name }: { readonly share: number | undefined; readonly name: string }): ReactElement {
  const width = share ? `${Math.max(6, share * 100)}%` : "0%";
  return (
    <span className={`bar bar-${name}`}>
      <span style={{ width }} />
    </span>
  );
}

function Shares({ info }: { readonly info: BrickInfo | undefined }): ReactElement | null {
  const totals = usePart((snap) => snap.data.analysis.totals);
  if (!info?.params && !info?.macs) return null;
  const [params, macs] = [share(info.params, totals.params), share(info.macs, totals.macs)];
  const says = `${count(info.params)} parameters, ${percent(params)} of all; ${count(info.macs)} MACs, ${percent(macs)} of all`;
  return (
    <span className="bars" title={says}>
      <Bar share={params} name="params" />
      <Bar share={macs} name="macs" />
    </span>
  );
}

function Badge({ problems }: { readonly problems: readonly Problem[] }): ReactElement | null {
  const severity = worst(problems);
  if (!severity) return null;
  return (
    <span className="badge" data-severity={severity} title={plural(problems.length, "problem")}>
      {severity === "advice" ? "i" : "!"}
      {problems.length > 1 && <small>{problems.length}</small>}
    </span>
  );
}

function Studs({ n }: { readonly n: number }): ReactElement {
  return (
    <span className="studs" aria-hidden="true">
      {Array.from({ length: n }, (_, i) => (
        <i key={i} />
      ))}
    </span>
  );
}

/** What stands small under the name: that the brick is muted, which end of its block it is, its key parameters, or how many bricks it holds. */
function keyText({ node, port }: BrickData, info: BrickInfo | undefined): string {
  if (node.muted) return "muted";
  if (info?.late) return "training only";
  const inside = info?.inner === undefined ? "" : plural(info.inner, "brick");
  return [port, info?.key || inside].filter(Boolean).join(" · ");
}

function Text({ data, info }: { readonly data: BrickData; readonly info: BrickInfo | undefined }): ReactElement {
  const { node } = data;
  const repeat = Number(node.params?.repeat ?? 1);
  return (
    <span className="lines">
      <span className="line">
        <b className="name">{node.id}</b>
        <span className="kind">{node.kind}</span>
        {data.layer?.block && repeat > 1 && <span className="times">×{repeat}</span>}
        {data.frozen && <Sign icon="snow" says="Frozen: its weights are not trained" />}
        <Badge problems={info?.problems ?? NONE} />
      </span>
      <span className="line labels">
        {data.shares !== null && <Lent node={node} owner={data.shares} />}
        <span className="key">{keyText(data, info)}</span>
        <span className="shape" data-known={Boolean(info?.sizes)}>
          {info?.shape ?? (info ? "no shape" : "…")}
        </span>
      </span>
      {info?.live && <span className="line live">{info.live.text}</span>}
    </span>
  );
}

/** One layer on the canvas. */
export const Brick = memo(function Brick({ data, dragging }: NodeProps<FlowBrick>): ReactElement {
  const { node } = data;
  const info = usePart((snap) => snap.infos[node.id]);
  const doubtful = usePart((snap) => snap.doubtful.has(node.id));
  const place = useNamed<HTMLDivElement>(".react-flow__node", spoken(data.frozen ? { ...node, frozen: true } : node, info));
  const hover = useHover();
  const problems = info?.problems ?? NONE;
  // The properties of a brick that is selected alone already say how its shape comes about.
  const open = !dragging && hover.over && (!data.alone || problems.length > 0);
  const className = `brick${doubtful ? " doubtful" : ""}${data.drop ? ` drop-${data.drop}` : ""}`;
  return (
    <div
      ref={place}
      className={className}
      data-category={data.category}
      data-severity={worst(problems)}
      data-block={data.layer?.block}
      data-muted={node.muted}
      data-frozen={data.frozen}
      data-late={info?.late}
      data-live={Boolean(info?.live)}
      onPointerEnter={hover.enter}
      onPointerLeave={hover.leave}
    >
      <Studs n={data.layer?.block ? 4 : 2} />
      <Text data={data} info={info} />
      <span className="sizes">
        <SlabGlyph sizes={info?.sizes} />
        <Shares info={info} />
      </span>
      <Thumb id={node.id} alone={data.alone} direction={data.direction} />
      <Ports data={data} />
      {open && <BrickCard id={node.id} info={info} summary={data.layer?.summary} direction={data.direction} onEnter={hover.enter} onLeave={hover.leave} />}
    </div>
  );
});
