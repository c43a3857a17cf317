import type { ReactElement } from "react";
import type { Layer } from "./catalogue.ts";
import { useSession, useSnapshot } from "./context.ts";
import { Icon } from "./icons.tsx";
import { BlockName } from "./NameField.tsx";

/** The parameters that each instance sets for itself, and what they set inside. */
function Promoted({ block }: { readonly block: Layer }): ReactElement {
  const session = useSession();
  const entries = Object.entries(block.promoted ?? {});
  if (entries.length === 0) {
    return <p className="help">Every instance is the same. Pin a parameter of a brick in here, and each instance can set it for itself.</p>;
  }
  return (
    <ul className="promotions" aria-label="Parameters of the block">
      {entries.map(([name, of]) => (
        <li key={name}>
          <b>{name}</b>
          <span>sets {of.map(([brick, param]) => (param === name ? brick : `${brick}.${param}`)).join(", ")}</span>
          <button
            type="button"
            className="tool small"
            aria-label={`Keep ${name} inside ${block.kind}`}
            title="No longer a parameter of the block"
            onClick={() => session.send({ op: "demote", block: block.kind, name })}
          >
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  );
}

/** The block whose inside is shown, while none of its bricks is selected. */
export function BlockSummary(): ReactElement | null {
  const { path, catalogue, data, sync } = useSnapshot();
  const block = catalogue.layers[data.crumbs?.[path.length - 1]?.kind ?? ""];
  if (!block) return null;
  return (
    <>
      <h2>{block.kind}</h2>
      <p className="quiet">{block.summary}</p>
      {sync.scope !== null && (
        <>
          <BlockName key={block.kind} block={block} />
          <Promoted block={block} />
        </>
      )}
    </>
  );
}
