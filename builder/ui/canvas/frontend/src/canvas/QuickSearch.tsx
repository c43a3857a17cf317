import { useReactFlow } from "@xyflow/react";
import { type ReactElement, useMemo, useState } from "react";
import { slug } from "./catalogue.ts";
import { Chooser, type Option } from "./Chooser.tsx";
import { useSession, useSnapshot } from "./context.ts";
import type { Overlay } from "./desk.ts";
import { BrickChip } from "./icons.tsx";
import { addLayer } from "./joining.ts";
import { nearSpot, overlayAt } from "./overlay.ts";
import { type Choice, search, spotName } from "./quick.ts";

const MOST = 40;

function optionOf(choice: Choice): Option {
  const { layer, makes, wrong, fits } = choice;
  return { key: layer.kind, title: layer.kind, icon: <BrickChip category={slug(layer.category)} />, detail: makes || layer.summary, wrong, quiet: !fits };
}

/** Search a layer and add it at a spot, with the values typed behind its name. */
export function QuickSearch({ overlay }: { readonly overlay: Extract<Overlay, { type: "search" }> }): ReactElement {
  const session = useSession();
  const { sync, catalogue, infos, places, data } = useSnapshot();
  const { flowToScreenPosition, screenToFlowPosition } = useReactFlow();
  const [text, setText] = useState(overlay.text);
  const { spot } = overlay;
  const choices = useMemo(() => {
    const scene = { document: sync.document, catalogue, infos, inBlock: Boolean(data.scope) };
    return search(scene, spot, text).slice(0, MOST);
  }, [sync.document, catalogue, infos, data.scope, spot, text]);
  const pane = session.desk.pane?.getBoundingClientRect() ?? new DOMRect();
  const toPane = (point: readonly [number, number]): readonly [number, number] => {
    const { x, y } = flowToScreenPosition({ x: point[0], y: point[1] });
    return [x - pane.left, y - pane.top];
  };
  const wanted = overlay.at ?? nearSpot(spot, places, toPane);
  const at = overlayAt(wanted, pane.width, pane.height);
  const choose = (index: number): void => {
    const choice = choices[index];
    if (!choice) return;
    if (choice.wrong) return session.toast(choice.wrong);
    const point = overlay.at ?? [pane.width / 2, pane.height * (sync.document.nodes.length > 0 ? 0.5 : 0.18)];
    const centre = screenToFlowPosition({ x: point[0] + pane.left, y: point[1] + pane.top });
    session.desk.close();
    const added = addLayer(session.drawing(), choice.layer, choice.params, spot, [centre.x, centre.y]);
    session.add(added);
    session.desk.focus(added.id);
  };
  const place = spotName(spot);
  return (
    <Chooser
      label={`Search a layer to add ${place}`}
      placeholder={`Layer ${place}, as in “conv 6 5”`}
      text={text}
      options={choices.map(optionOf)}
      empty="No layer matches."
      at={at}
      onText={setText}
      onChoose={choose}
      onClose={session.desk.close}
    />
  );
}
