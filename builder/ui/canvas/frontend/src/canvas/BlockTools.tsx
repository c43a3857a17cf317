import type { ReactElement } from "react";
import type { Layer } from "./catalogue.ts";
import { useSession, useSnapshot } from "./context.ts";
import { Icon, type IconName } from "./icons.tsx";
import { BlockName } from "./NameField.tsx";
import type { BrickNode } from "./types.ts";

interface ActionProps {
  readonly icon: IconName;
  readonly name: string;
  readonly hint: string;
  readonly disabled?: boolean;
  onClick(): void;
}

export function Action({ icon, name, hint, disabled, onClick }: ActionProps): ReactElement {
  return (
    <button type="button" className="button" title={hint} disabled={disabled} onClick={onClick}>
      <Icon name={icon} />
      {name}
    </button>
  );
}

/** What can be done with an instance of a block: look inside, give it a definition of its own, or take it apart. */
export function BlockTools({ node, layer }: { readonly node: BrickNode; readonly layer: Layer }): ReactElement {
  const session = useSession();
  const { path, data } = useSnapshot();
  const expanded = data.peek?.id === node.id;
  const locked = data.editable === false;
  const own = layer.block === "own";
  const unlink = own ? "Give this instance a definition of its own" : `Copy ${layer.kind} into this project, where you can change it`;
  return (
    <section className="block-tools" aria-label="Block tools">
      <div className="buttons">
        <Action icon="open" name="Open" hint="Show the bricks inside (Enter, or double-click the brick)" onClick={() => session.openPath([...path, node.id])} />
        <Action
          icon={expanded ? "minus" : "split"}
          name={expanded ? "Collapse" : "Expand here"}
          hint={expanded ? "Hide the bricks inside" : "Show the bricks inside beside the block"}
          onClick={() => session.peek(expanded ? null : node.id)}
        />
        <Action icon="unlink" name="Unlink" hint={unlink} disabled={locked} onClick={() => session.send({ op: "unlink", id: node.id })} />
        <Action icon="unpack" name="Unpack" hint="Put the bricks inside in its place" disabled={locked} onClick={() => session.send({ op: "unpack", id: node.id })} />
      </div>
      {own ? <BlockName key={layer.kind} block={layer} /> : <p className="help">A block of the catalogue: open it to see its bricks, unlink it to change them.</p>}
    </section>
  );
}
