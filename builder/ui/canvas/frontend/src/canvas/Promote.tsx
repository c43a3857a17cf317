import type { ReactElement } from "react";
import { demotion, freePromoted, joinable, promotedAs } from "./blocks.ts";
import type { Layer, Param } from "./catalogue.ts";
import { usePart, useSession } from "./context.ts";
import { Icon } from "./icons.tsx";
import type { BrickNode } from "./types.ts";

interface Props {
  readonly node: BrickNode;
  readonly param: Param;
}

/** The block of the user's own whose inside is shown. */
function useScope(): Layer | undefined {
  return usePart((snap) => (snap.sync.scope === null || snap.data.editable === false ? undefined : snap.catalogue.layers[snap.sync.scope]));
}

/** Inside a block: makes a parameter one of the block, or the brick's own again. */
export function PromotePin({ node, param }: Props): ReactElement | null {
  const session = useSession();
  const block = useScope();
  if (!block) return null;
  const promoted = promotedAs(block, node.id, param.name);
  const says = promoted === null ? `Make ${param.name} a parameter of ${block.kind}` : `${param.name} is a parameter of ${block.kind}; keep it inside instead`;
  const toggle = (): void => {
    const name = freePromoted(block, param.name);
    const edit = promoted === null ? ({ op: "promote", block: block.kind, name, node: node.id, param: param.name } as const) : demotion(block, node.id, param.name);
    if (edit) session.send(edit);
  };
  return (
    <button type="button" className="reset pin" aria-pressed={promoted !== null} aria-label={says} title={says} onClick={toggle}>
      <Icon name="pin" />
    </button>
  );
}

/** Which parameter of the block sets this one; others of the same kind can set it too. */
export function PromotedAs({ node, param }: Props): ReactElement | null {
  const session = useSession();
  const block = useScope();
  const promoted = block ? promotedAs(block, node.id, param.name) : null;
  if (!block || promoted === null) return null;
  const alone = (block.promoted?.[promoted] ?? []).length < 2;
  const fresh = alone ? null : freePromoted(block, param.name);
  const names = [...joinable(block, param), ...(fresh ? [fresh] : [])];
  return (
    <label className="promoted">
      <span>Parameter of {block.kind}</span>
      <select
        className="text"
        value={promoted}
        disabled={names.length < 2}
        onChange={(event) => session.send({ op: "promote", block: block.kind, name: event.target.value, node: node.id, param: param.name })}
      >
        {names.map((name) => (
          <option key={name} value={name}>
            {name === fresh ? `${name} (on its own)` : name}
          </option>
        ))}
      </select>
    </label>
  );
}
