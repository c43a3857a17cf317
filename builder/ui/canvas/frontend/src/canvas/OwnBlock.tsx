import type { ReactElement } from "react";
import type { Layer } from "./catalogue.ts";
import { useSession } from "./context.ts";
import { plural } from "./format.ts";
import { Icon } from "./icons.tsx";

/** Beside an own block in the palette: how often it is used; what nothing uses can be deleted. */
export function OwnBlock({ layer }: { readonly layer: Layer }): ReactElement {
  const session = useSession();
  const uses = layer.uses ?? 0;
  if (uses > 0) {
    return (
      <small className="uses" title={`${plural(uses, "instance")} in this project`}>
        {uses}
      </small>
    );
  }
  return (
    <button type="button" className="tool small" aria-label={`Delete the block ${layer.kind}`} title="Delete: no brick uses it" onClick={() => session.send({ op: "delete_block", block: layer.kind })}>
      <Icon name="trash" />
    </button>
  );
}
