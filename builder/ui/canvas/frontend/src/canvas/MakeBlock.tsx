import { type FormEvent, type KeyboardEvent, type ReactElement, useEffect, useRef, useState } from "react";
import { blockEdit, blockNameProblem, freeBlockName, instanceId } from "./blocks.ts";
import { usePart, useSession } from "./context.ts";
import { plural } from "./format.ts";

/** Tab stays among what the dialog holds. */
function keepFocus(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== "Tab") return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>("input, button:not(:disabled)")];
  const root = event.currentTarget.getRootNode() as Document | ShadowRoot;
  const at = all.indexOf(root.activeElement as HTMLElement);
  event.preventDefault();
  all[(at + (event.shiftKey ? -1 : 1) + all.length) % all.length]?.focus();
}

function Dialog({ ids }: { readonly ids: readonly string[] }): ReactElement {
  const session = useSession();
  const catalogue = usePart((snap) => snap.catalogue);
  const [name, setName] = useState(() => freeBlockName(catalogue));
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.select(), []);
  const wrong = blockNameProblem(name.trim(), catalogue);
  const close = (): void => {
    session.askBlock(null);
    session.pane?.focus({ preventScroll: true });
  };
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    if (wrong) return;
    const node = instanceId(session.drawing().document, ids, name.trim());
    close();
    session.make(blockEdit(session.drawing(), ids, name.trim(), node), node);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    event.stopPropagation();
    if (event.key === "Escape") close();
    keepFocus(event);
  };
  return (
    <div className="veil" onPointerDown={(event) => event.target === event.currentTarget && close()}>
      <div className="dialog" role="dialog" aria-modal="true" aria-labelledby="bw-block-title" onKeyDown={onKeyDown}>
        <form onSubmit={onSubmit}>
          <h2 id="bw-block-title">Make a block</h2>
          <p className="quiet">Of {plural(ids.length, "brick")}. It can be used again and again; all its instances stay alike.</p>
          <label className="field-name" htmlFor="bw-block-name">
            Name
          </label>
          <input
            ref={input}
            id="bw-block-name"
            className="text"
            value={name}
            autoFocus
            spellCheck={false}
            autoComplete="off"
            aria-invalid={wrong !== null}
            aria-describedby={wrong ? "bw-block-wrong" : undefined}
            onChange={(event) => setName(event.target.value)}
          />
          {wrong && (
            <p className="wrong" role="alert" id="bw-block-wrong">
              {wrong}
            </p>
          )}
          <div className="buttons">
            <button type="button" className="button" onClick={close}>
              Cancel
            </button>
            <button type="submit" className="button primary" disabled={wrong !== null}>
              Make block
            </button>
          </div>
        </form>
      </div>
    </div>
  );
}

/** Asks for the name of the block that is about to be made. */
export function MakeBlock(): ReactElement | null {
  const ids = usePart((snap) => snap.blockOf);
  return ids && <Dialog ids={ids} />;
}
