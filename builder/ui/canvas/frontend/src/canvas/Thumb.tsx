import { NodeToolbar, Position, useStore } from "@xyflow/react";
import { type ReactElement, useState } from "react";
import { usePreview } from "./context.ts";
import type { Direction } from "./geometry.ts";
import { barPath, caption, describe, figure, type Preview, type Score, type Sheet } from "./preview.ts";

// Further away a picture of a few pixels says nothing, and there are many.
const NEAR = 0.34;
/** How far the thumbnail reaches out of its brick, canvas pixels: to the right, or below where the wire leaves to the right. */
export const THUMB = 63;
const IN_A_ROW = 2;

interface BarsProps {
  readonly values: readonly (number | null)[];
  /** Which of them is the true class. */
  readonly truth?: readonly boolean[];
}

function Bars({ values, truth = [] }: BarsProps): ReactElement {
  const only = (wanted: boolean): (number | null)[] => values.map((value, i) => ((truth[i] ?? false) === wanted ? value : 0));
  return (
    <svg className="preview-bars" viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
      <path d={barPath(only(false), values)} />
      {truth.length > 0 && <path className="truth" d={barPath(only(true), values)} />}
    </svg>
  );
}

const source = (sheet: Sheet): string => `data:image/png;base64,${sheet.png}`;

function Picture({ sheet }: { readonly sheet: Sheet }): ReactElement {
  // The first two of every row at twice the size can be told apart; the card has them all.
  const zoom = Math.max(1, sheet.across / IN_A_ROW);
  return <img src={source(sheet)} alt="" draggable={false} loading="lazy" decoding="async" style={{ width: `${100 * zoom}%` }} />;
}

function Inside({ preview }: { readonly preview: Preview }): ReactElement {
  if (preview.kind === "bars") return <Bars values={preview.values} />;
  if (preview.kind === "scores") return <Bars values={preview.rows.map((row) => row.share)} truth={preview.rows.map((row) => row.truth)} />;
  return <Picture sheet={preview} />;
}

interface ThumbProps {
  readonly id: string;
  /** Selected alone: its card stays closed, so the thumbnail opens a sheet of its own. */
  readonly alone: boolean;
  readonly direction: Direction;
}

/** Beside a brick: what it makes of the sample, small. */
export function Thumb({ id, alone, direction }: ThumbProps): ReactElement | null {
  const preview = usePreview((state) => state.file?.bricks?.[id]);
  const fresh = usePreview((state) => state.fresh);
  const near = useStore((store) => store.transform[2] >= NEAR);
  const room = useStore((store) => (direction === "right" ? 0 : THUMB * store.transform[2]));
  const [over, setOver] = useState(false);
  if (!preview || !near) return null;
  const warning = preview.broken ? "NaN" : preview.dead ? "all 0" : null;
  return (
    <span
      className="thumb"
      data-direction={direction}
      data-kind={preview.kind}
      data-fresh={fresh}
      data-wrong={warning !== null}
      title={describe(preview)}
      aria-hidden="true"
      onPointerEnter={() => setOver(true)}
      onPointerLeave={() => setOver(false)}
    >
      <Inside preview={preview} />
      {warning && <small>{warning}</small>}
      {over && alone && (
        <NodeToolbar nodeId={id} isVisible position={Position.Right} offset={14 + room}>
          <div className="card nodrag nopan">
            <PreviewSheet id={id} />
          </div>
        </NodeToolbar>
      )}
    </span>
  );
}

function ScoreRow({ row }: { readonly row: Score }): ReactElement {
  const mark = row.answer ? (row.truth ? "right answer" : "answer") : row.truth ? "true class" : "";
  return (
    <li data-truth={row.truth} data-answer={row.answer} title={`${row.label}: ${figure(row.value)}`}>
      <span className="label">{row.label}</span>
      <span className="share">
        <span style={{ width: `${100 * (row.share ?? 0)}%` }} />
      </span>
      <span className="value">{row.share === null ? figure(row.value) : `${(100 * row.share).toFixed(row.share < 0.0995 ? 1 : 0)} %`}</span>
      <small>{mark}</small>
    </li>
  );
}

function Large({ preview }: { readonly preview: Preview }): ReactElement {
  if (preview.kind === "scores") {
    return (
      <ul className="scores">
        {preview.rows.map((row) => (
          <ScoreRow key={row.label} row={row} />
        ))}
      </ul>
    );
  }
  if (preview.kind === "bars") return <Bars values={preview.values} />;
  return <img className="sheet" src={source(preview)} alt="" draggable={false} />;
}

/** What a brick makes of the sample, large, with its numbers; nothing while the preview is off or the brick has none. */
export function PreviewSheet({ id }: { readonly id: string }): ReactElement | null {
  const preview = usePreview((state) => state.file?.bricks?.[id]);
  const fresh = usePreview((state) => state.fresh);
  if (!preview) return null;
  const numbers = [["Min", figure(preview.min)], ["Mean", figure(preview.mean)], ["Max", figure(preview.max)], ["Zeros", `${Math.round(100 * (preview.zeros ?? 0))} %`]];
  return (
    <section className="preview" aria-label="Preview" data-fresh={fresh}>
      <Large preview={preview} />
      {preview.says && <p className="preview-says" data-wrong={preview.dead || preview.broken}>{preview.says}</p>}
      <dl>
        {numbers.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="quiet">{caption(preview)}</p>
    </section>
  );
}
