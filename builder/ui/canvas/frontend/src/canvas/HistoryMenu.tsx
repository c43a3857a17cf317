import type { ReactElement } from "react";
import { usePart, useSession } from "./context.ts";
import { Popover } from "./Popover.tsx";

const MOST = 200;

/** What can be undone and redone, to jump in: the newest on top, the drawing as it is now in between. */
export function HistoryMenu(): ReactElement {
  const session = useSession();
  const { undo, redo } = usePart((snap) => snap.data.history);
  const jump = (op: "undo" | "redo", steps: number, close: () => void): void => {
    close();
    session.send({ op, steps });
  };
  return (
    <Popover icon="history" name="History" hint="What was done, to jump back and forward in" disabled={undo.length + redo.length === 0} className="history">
      {(close) => (
        <>
          {redo.slice(-MOST).map((name, i, all) => (
            <button key={`redo ${all.length - i}`} type="button" className="entry undone" onClick={() => jump("redo", all.length - i, close)}>
              {name}
            </button>
          ))}
          <p className="entry now" aria-current="step">
            Now
          </p>
          {undo.slice(-MOST).map((name, i, all) => (
            <button key={`undo ${all.length - i}`} type="button" className="entry" title={`Undo ${all.length - i}`} onClick={() => jump("undo", all.length - i, close)}>
              {name}
            </button>
          )).reverse()}
        </>
      )}
    </Popover>
  );
}
