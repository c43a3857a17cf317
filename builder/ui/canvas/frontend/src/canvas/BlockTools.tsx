import { type ReactElement, useEffect, useState } from "react";
import { blockNameProblem } from "./blocks.ts";
import type { Layer } from "./catalogue.ts";
import { useSession, useSnapshot } from "./context.ts";
import { count } from "./format.ts";
import { Icon, type IconName } from "./icons.tsx";
import type { BrickNode } from "./types.ts";

/** The name of a block's definition, which all its instances show. */
export function BlockName({ block }: { readonly block: Layer }): ReactElement {
  const session = useSession();
  const { catalogue, data } = useSnapshot();
  const [text, setText] = useState(block.kind);
  useEffect(() => setText(block.kind), [block.kind]);
  const wrong = text.trim() === block.kind ? null : blockNameProblem(text.trim(), catalogue);
  const commit = (): void => {
    if (wrong === null && text.trim() !== block.kind) session.send({ op: "rename_block", block: block.kind, to: text.trim() });
  };
  return (
    <div className="field" data-invalid={wrong !== null}>
      <label className="field-name" htmlFor="bw-block">
        Block
      </label>
      <input
        id="bw-block"
        className="text"
        value={text}
        disabled={data.editable === false}
        spellCheck={false}
        autoComplete="off"
        aria-invalid={wrong !== null}
        aria-describedby="bw-block-help"
        onChange={(event) => setText(event.target.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === "Enter") commit();
          if (event.key === "Escape") setText(block.kind);
        }}
      />
      <p className={wrong ? "wrong" : "help"} role={wrong ? "alert" : undefined} id="bw-block-help">
        {wrong ?? `The definition's name. ${linked(block)}`}
      </p>
    </div>
  );
}

function linked({ uses = 1 }: Layer): string {
  return uses > 1 ? `${count(uses)} linked instances show it.` : "This is its only instance.";
}

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
