import type { ReactElement } from "react";
import { Backbone } from "./Backbone.tsx";
import { BlockSummary } from "./BlockSummary.tsx";
import { usePart } from "./context.ts";
import { bytes, count, problemCount, total } from "./format.ts";
import { Purpose } from "./Purpose.tsx";

const HINTS = [
  ["Drop a layer on a wire", "to put it between two bricks, or just below a brick to connect it."],
  ["Type", "the name of a layer, with its values: “conv 6 5”. Enter puts it behind the selected brick; ? shows all keys."],
  ["Select a brick", "to change its parameters and see how its output shape comes about."],
  ["Backspace", "removes a brick and joins its neighbours; Delete cuts the wires too."],
] as const;

/** The network as a whole, and hints on how to build. */
export function Summary({ closer }: { readonly closer: ReactElement }): ReactElement {
  const analysis = usePart((snap) => snap.data.analysis);
  const inside = usePart((snap) => snap.path.length > 0);
  const { totals, problems } = analysis;
  return (
    <div className="properties">
      {inside && <BlockSummary />}
      <header>
        <h2>{inside ? "Whole network" : "Network"}</h2>
        {closer}
      </header>
      {!inside && <Purpose />}
      {!inside && <Backbone />}
      <section className="result" aria-label="Totals">
        <dl>
          <dt>Layers</dt>
          <dd>{count(totals.layers)}</dd>
          <dt>Parameters</dt>
          <dd>{total(analysis, totals.params, count)}</dd>
          {totals.trainable !== undefined && totals.trainable < totals.params && (
            <>
              <dt>Trained</dt>
              <dd>{total(analysis, totals.trainable, count)}</dd>
            </>
          )}
          <dt>MACs per sample</dt>
          <dd>{total(analysis, totals.macs, count)}</dd>
          <dt>Size</dt>
          <dd>{total(analysis, totals.bytes, bytes)}</dd>
          <dt>Checks</dt>
          <dd>{problemCount(problems)}</dd>
        </dl>
      </section>
      <p className="legend">
        <span className="bar bar-params">
          <span style={{ width: "70%" }} />
        </span>
        share of the parameters
        <span className="bar bar-macs">
          <span style={{ width: "70%" }} />
        </span>
        share of the MACs
      </p>
      <ul className="hints">
        {HINTS.map(([what, why]) => (
          <li key={what}>
            <b>{what}</b> {why}
          </li>
        ))}
      </ul>
    </div>
  );
}
