import type { CSSProperties, ReactElement } from "react";
import { Icon, type IconName } from "./icons.tsx";
import { hueOf } from "./sharing.ts";
import type { BrickNode } from "./types.ts";

/** A small sign beside the name; a screen reader hears it with the name of the brick. */
export function Sign({ icon, says }: { readonly icon: IconName; readonly says: string }): ReactElement {
  return (
    <span className="sign" title={says}>
      <Icon name={icon} />
    </span>
  );
}

/** Bricks that share weights bear a stripe of one colour; those that borrow them say whose they are. */
export function Lent({ node, owner }: { readonly node: BrickNode; readonly owner: string }): ReactElement {
  const style = { "--hue": hueOf(owner) } as CSSProperties;
  return (
    <span className="lent" style={style} title={node.of === undefined ? "Other bricks use its weights" : `It uses the weights of ${owner}`}>
      {node.of === undefined ? "lends" : `= ${owner}`}
    </span>
  );
}
