import type { ReactElement } from "react";
import { useSession, useSnapshot } from "./context.ts";
import { lenders } from "./sharing.ts";
import type { BrickNode } from "./types.ts";

/** Whose weights a brick uses: its own, or those of another brick of its kind. Nothing where there is no choice. */
export function WeightsField({ node }: { readonly node: BrickNode }): ReactElement | null {
  const session = useSession();
  const { sync, infos } = useSnapshot();
  const weights = (id: string): boolean => (infos[id]?.params ?? 0) > 0;
  const others = lenders(sync.document, node).filter(weights);
  if (node.of === undefined && (others.length === 0 || !weights(node.id))) return null;
  const names = node.of === undefined || others.includes(node.of) ? others : [node.of, ...others];
  return (
    <div className="field">
      <label className="field-name" htmlFor="bw-of">
        Weights
      </label>
      <select
        id="bw-of"
        className="text"
        value={node.of ?? ""}
        aria-describedby="bw-of-help"
        onChange={(event) => session.send({ op: "share", id: node.id, of: event.target.value === "" ? null : event.target.value })}
      >
        <option value="">of its own</option>
        {names.map((id) => (
          <option key={id} value={id}>
            shared with {id}
          </option>
        ))}
      </select>
      <p className="help" id="bw-of-help">
        {node.of === undefined ? "Bricks that share are one module, called several times" : `A change here changes ${node.of} and all that share its weights`}
      </p>
    </div>
  );
}
