import { type ReactElement, useEffect } from "react";
import { blockRefusal } from "./blocks.ts";
import { Action, BlockTools } from "./BlockTools.tsx";
import { AlignTools, BrickTools, SeveralTools } from "./BrickTools.tsx";
import { applies, inputCount, slug } from "./catalogue.ts";
import { usePart, useSession, useSnapshot } from "./context.ts";
import { findNode } from "./document.ts";
import { Field } from "./Field.tsx";
import { count, percent, plural, share } from "./format.ts";
import { BrickChip, Icon } from "./icons.tsx";
import { Name } from "./NameField.tsx";
import { ProblemCard } from "./ProblemCard.tsx";
import { Purpose } from "./Purpose.tsx";
import { ownerOf } from "./sharing.ts";
import { Summary } from "./Summary.tsx";
import { PreviewSheet } from "./Thumb.tsx";
import type { BrickInfo, BrickNode } from "./types.ts";
import { WeightsField } from "./WeightsField.tsx";

interface ResultProps {
  readonly info: BrickInfo | undefined;
  /** What stands above already. */
  readonly said: string | undefined;
}

function Result({ info, said }: ResultProps): ReactElement {
  const totals = usePart((snap) => snap.data.analysis.totals);
  return (
    <section className="result" aria-label="Output">
      <dl>
        <dt>Output</dt>
        <dd className="shape">{info?.sizes ? info.shape : "unknown"}</dd>
        <dt>Parameters</dt>
        <dd>
          {count(info?.params)}
          {info?.params ? <small> {percent(share(info.params, totals.params))}</small> : null}
          {info?.trainable !== undefined && <small>, {count(info.trainable)} trained</small>}
        </dd>
        <dt>MACs</dt>
        <dd>
          {count(info?.macs)}
          {info?.macs ? <small> {percent(share(info.macs, totals.macs))}</small> : null}
        </dd>
      </dl>
      {info?.explain && info.explain !== said && <p className="explain">{info.explain}</p>}
      {(info?.formula ?? []).map((line) => (
        <code key={line}>{line}</code>
      ))}
    </section>
  );
}

/** Takes the properties off the canvas where they lie over it. */
function Closer({ onClose }: { onClose?(): void }): ReactElement {
  const session = useSession();
  return (
    <button type="button" className="tool small closer" aria-label="Close the properties" onClick={() => (onClose ?? (() => session.select([])))()}>
      <Icon name="close" />
    </button>
  );
}

function Properties({ node }: { readonly node: BrickNode }): ReactElement {
  const session = useSession();
  const { catalogue, infos, doubtful, data, sync } = useSnapshot();
  // Bricks that share weights have one set of parameters.
  const set = { ...node, params: ownerOf(sync.document, node).params };
  const layer = catalogue.layers[node.kind];
  const info = infos[node.id];
  const problems = info?.problems ?? [];
  return (
    <div className={`properties${doubtful.has(node.id) ? " doubtful" : ""}`}>
      <header>
        <BrickChip category={slug(layer?.category)} />
        <h2>{node.kind}</h2>
        {layer && layer.block !== "own" && (
          <button type="button" className="link" onClick={() => session.reference(node.kind)}>
            <Icon name="book" />
            Reference
          </button>
        )}
        <Closer />
      </header>
      {layer ? <p className="quiet">{layer.summary}</p> : <p className="quiet">This version of Brickwork does not know the layer {node.kind}; it is kept as it is.</p>}
      <BrickTools node={node} />
      {problems.map((problem) => (
        <ProblemCard key={`${problem.says} ${problem.because}`} problem={problem} of={node.id} />
      ))}
      {layer && inputCount(layer, 0) === 0 && layer.scope === "network" && <Purpose />}
      {layer?.block && <BlockTools node={node} layer={layer} />}
      <fieldset disabled={data.editable === false}>
        <Name key={node.id} node={node} />
        <WeightsField node={node} />
        {layer?.params.filter((param) => applies(set, layer, param)).map((param) => (
          <Field key={`${node.id} ${param.name}`} node={set} param={param} />
        ))}
      </fieldset>
      <Result info={info} said={layer?.summary} />
      <PreviewSheet id={node.id} />
    </div>
  );
}

function Several({ ids }: { readonly ids: readonly string[] }): ReactElement {
  const session = useSession();
  const { sync, catalogue, data } = useSnapshot();
  const refusal = data.editable === false ? (data.locked ?? null) : blockRefusal(sync.document, ids, catalogue);
  return (
    <div className="properties">
      <header>
        <h2>{plural(ids.length, "brick")} selected</h2>
        <Closer />
      </header>
      <div className="buttons">
        <Action icon="block" name="Make a block" hint="One brick in their place (Ctrl+G)" disabled={refusal !== null} onClick={() => session.askBlock(ids)} />
        <SeveralTools />
      </div>
      {refusal && <p className="quiet">{refusal}</p>}
      <AlignTools />
      <p className="quiet">Drag one to move them all. Type the name of a layer of several inputs to join them. Backspace removes them and joins what is left; Delete removes them with their wires.</p>
    </div>
  );
}

/** The properties of the selected brick; with nothing selected, the network as a whole. */
export function Panel({ asked, onAsked }: { readonly asked: boolean; onAsked(asked: boolean): void }): ReactElement {
  const { selected, sync } = useSnapshot();
  const [only] = selected;
  const node = selected.length === 1 && only ? findNode(sync.document, only) : undefined;
  // Where the properties lie over the canvas, those of the network come when they are asked for.
  const some = selected.length > 0;
  useEffect(() => {
    if (some) onAsked(false);
  }, [some, onAsked]);
  return (
    <>
      <button type="button" className="panel-tab" aria-label="Network" aria-expanded={asked} title="The network as a whole: task, backbone, totals" onClick={() => onAsked(true)}>
        <Icon name="info" />
      </button>
      <aside className="panel" aria-label="Properties" data-open={some || asked}>
        {node ? <Properties node={node} /> : some ? <Several ids={selected} /> : <Summary closer={<Closer onClose={() => onAsked(false)} />} />}
      </aside>
    </>
  );
}
