import { type ReactElement, useEffect, useRef, useState } from "react";
import { blockNameProblem } from "./blocks.ts";
import type { Layer } from "./catalogue.ts";
import { useSession, useSnapshot } from "./context.ts";
import { nameProblem } from "./fields.ts";
import { count } from "./format.ts";
import type { BrickNode } from "./types.ts";

interface NameFieldProps {
  readonly label: string;
  readonly id: string;
  readonly name: string;
  readonly help?: string;
  readonly disabled?: boolean;
  /** Why this cannot be the name; null when it can. */
  refusal(text: string): string | null;
  onName(text: string): void;
}

/** A name that is taken over on Enter or when the field is left, and explained while it cannot be one. */
function NameField({ label, id, name, help, disabled, refusal, onName }: NameFieldProps): ReactElement {
  const session = useSession();
  const [text, setText] = useState(name);
  useEffect(() => setText(name), [name]);
  const typed = text.trim();
  const wrong = typed === name ? null : refusal(typed);
  const says = wrong ?? help;
  const lost = useRef<string | null>(null);
  lost.current = wrong && `${wrong} ${name} keeps its name.`;
  useEffect(
    () => () => {
      if (lost.current) session.toast(lost.current);
    },
    [session],
  );
  const commit = (): void => {
    if (wrong === null && typed !== name) onName(typed);
  };
  return (
    <div className="field" data-invalid={wrong !== null}>
      <label className="field-name" htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        className="text"
        value={text}
        disabled={disabled}
        spellCheck={false}
        autoComplete="off"
        aria-invalid={wrong !== null}
        aria-describedby={says ? `${id}-help` : undefined}
        onChange={(event) => setText(event.target.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === "Enter") commit();
          if (event.key === "Escape") setText(name);
        }}
      />
      {says && (
        <p className={wrong ? "wrong" : "help"} role={wrong ? "alert" : undefined} id={`${id}-help`}>
          {says}
        </p>
      )}
    </div>
  );
}

/** The name of a brick: what it is called in the source and in the saved weights. */
export function Name({ node }: { readonly node: BrickNode }): ReactElement {
  const session = useSession();
  const taken = session.drawing().document.nodes.map((other) => other.id).filter((id) => id !== node.id);
  return <NameField label="Name" id="bw-name" name={node.id} refusal={(text) => nameProblem(text, taken)} onName={(text) => session.rename(node.id, text)} />;
}

/** The name of a block's definition, which all its instances show. */
export function BlockName({ block }: { readonly block: Layer }): ReactElement {
  const session = useSession();
  const { catalogue, data } = useSnapshot();
  const { uses = 1 } = block;
  const linked = uses > 1 ? `${count(uses)} linked instances show it.` : "This is its only instance.";
  const rename = (to: string): void => session.send({ op: "rename_block", block: block.kind, to });
  return (
    <NameField
      label="Block"
      id="bw-block"
      name={block.kind}
      help={`The definition's name. ${linked}`}
      disabled={data.editable === false}
      refusal={(text) => blockNameProblem(text, catalogue)}
      onName={rename}
    />
  );
}
