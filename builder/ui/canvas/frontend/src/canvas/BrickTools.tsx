import type { ReactElement } from "react";
import { type Alignment, aligned } from "./align.ts";
import { Action } from "./BlockTools.tsx";
import { useSession, useSnapshot } from "./context.ts";
import { findNode } from "./document.ts";
import { moveBricks } from "./gestures.ts";
import { Icon, type IconName } from "./icons.tsx";
import { duplicate, freeze, MAC, mute, replaceBy } from "./keys.ts";
import { freezable, ownerOf } from "./sharing.ts";
import { type Command, keysOf } from "./shortcuts.ts";
import type { BrickNode, Point } from "./types.ts";

const hint = (says: string, command: Command): string => `${says}${keysOf(command, MAC)}`;

/** What can be done with the one brick that is selected. */
export function BrickTools({ node }: { readonly node: BrickNode }): ReactElement | null {
  const session = useSession();
  const { data, catalogue, sync, infos } = useSnapshot();
  const layer = catalogue.layers[node.kind];
  if (data.editable === false) return null;
  const passes = layer === undefined || (layer.inputs[1] !== 0 && layer.outputs > 0);
  return (
    <div className="buttons" role="group" aria-label="Brick">
      <Action icon="swap" name="Replace by…" hint={hint("Another layer in its place, with the same wires", "replace")} onClick={() => replaceBy(session)} />
      <Action icon="copy" name="Duplicate" hint={hint("The same again beside it", "duplicate")} onClick={() => duplicate(session)} />
      {passes && <Action icon="mute" name={node.muted ? "Unmute" : "Mute"} hint={hint("Its first input passes through while it is muted", "mute")} onClick={() => mute(session)} />}
      {freezable(sync.document, node.id, infos, catalogue) && <FreezeTool frozen={ownerOf(sync.document, node).frozen === true} />}
    </div>
  );
}

function FreezeTool({ frozen }: { readonly frozen: boolean }): ReactElement {
  const session = useSession();
  const says = frozen ? "Train its weights again" : "Its weights stay as they are while the others are trained; running means of a normalisation still follow the data";
  return <Action icon="snow" name={frozen ? "Unfreeze" : "Freeze"} hint={hint(says, "freeze")} onClick={() => freeze(session)} />;
}

const ALIGNMENTS: readonly (readonly [how: Alignment, icon: IconName, name: string])[] = [
  ["left", "alignLeft", "Align left"],
  ["centre", "alignCentre", "Align on the middle, side to side"],
  ["right", "alignRight", "Align right"],
  ["top", "alignTop", "Align at the top"],
  ["middle", "alignMiddle", "Align on the middle, top to bottom"],
  ["bottom", "alignBottom", "Align at the bottom"],
  ["across", "across", "Equal distances, side to side"],
  ["down", "down", "Equal distances, top to bottom"],
];

/** What can be done with several bricks at once. */
export function SeveralTools(): ReactElement | null {
  const session = useSession();
  const { data, selected, sync, infos, catalogue } = useSnapshot();
  if (data.editable === false) return null;
  const able = selected.filter((id) => freezable(sync.document, id, infos, catalogue));
  const muted = selected.every((id) => findNode(sync.document, id)?.muted);
  return (
    <>
      <Action icon="copy" name="Duplicate" hint={hint("The same again beside them", "duplicate")} onClick={() => duplicate(session)} />
      <Action icon="mute" name={muted ? "Unmute" : "Mute"} hint={hint("Their first inputs pass through while they are muted", "mute")} onClick={() => mute(session)} />
      {able.length > 0 && <FreezeTool frozen={able.every((id) => findNode(sync.document, id)?.frozen)} />}
    </>
  );
}

/** Lining up the selected bricks. */
export function AlignTools(): ReactElement | null {
  const session = useSession();
  const { data, selected } = useSnapshot();
  if (data.editable === false) return null;
  const align = (how: Alignment): void => {
    const drawing = session.drawing();
    const chosen = selected.map((id) => [id, drawing.places.get(id)] as const).filter((entry): entry is [string, Point] => entry[1] !== undefined);
    const edit = moveBricks(drawing, aligned(new Map(chosen), how), `Align ${chosen.length} bricks`);
    if (edit) session.send(edit);
  };
  return (
    <div className="aligns" role="group" aria-label="Align">
      {ALIGNMENTS.map(([how, icon, name]) => (
        <button key={how} type="button" className="tool" aria-label={name} title={name} onClick={() => align(how)}>
          <Icon name={icon} />
        </button>
      ))}
    </div>
  );
}
