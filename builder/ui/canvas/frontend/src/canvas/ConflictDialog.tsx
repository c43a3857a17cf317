import { type ReactElement, useEffect, useRef } from "react";
import { usePart, useSession } from "./context.ts";
import { waiting } from "./sync.ts";
import type { Conflict } from "./types.ts";

function Choice({ conflict }: { readonly conflict: Conflict }): ReactElement {
  const session = useSession();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (!dialog.current?.open) dialog.current?.showModal();
  }, []);
  const choose = (yours: boolean) => (): void => session.choose(conflict, yours);
  return (
    <dialog ref={dialog} className="conflict" role="alertdialog" aria-labelledby="bw-choice" aria-describedby="bw-choice-says" onCancel={choose(false)}>
      <h2 id="bw-choice">Two tabs, one drawing</h2>
      <p id="bw-choice-says">{conflict.says}</p>
      <footer>
        <button type="button" className="plain" onClick={choose(false)}>
          {conflict.theirs}
        </button>
        <button type="button" className="primary" onClick={choose(true)}>
          {conflict.yours}
        </button>
      </footer>
    </dialog>
  );
}

/** Asks what to do with an edit that would undo what another tab did unseen; one at a time. */
export function ConflictDialog(): ReactElement | null {
  const conflict = usePart((snap) => waiting(snap.data, snap.sync));
  return conflict && <Choice key={conflict.seq} conflict={conflict} />;
}
