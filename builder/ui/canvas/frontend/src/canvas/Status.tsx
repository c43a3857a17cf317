import { useReactFlow } from "@xyflow/react";
import { type ReactElement, useEffect, useState } from "react";
import { usePart, useSession } from "./context.ts";
import { bytes, count, isPartial, problemCount, short, worst } from "./format.ts";
import { BRICK } from "./geometry.ts";
import { Icon } from "./icons.tsx";
import { glide } from "./motion.ts";
import { ProblemCard } from "./ProblemCard.tsx";
import type { Problem } from "./types.ts";

const QUICK_MS = 300;

/** “Saving…” only when the answer takes longer than a blink. */
function SaveState(): ReactElement {
  const waiting = usePart((snap) => snap.sync.pending.length > 0);
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    if (!waiting) return setSlow(false);
    const timer = setTimeout(() => setSlow(true), QUICK_MS);
    return () => clearTimeout(timer);
  }, [waiting]);
  return (
    <span className="save" data-waiting={waiting} aria-live="polite">
      {slow ? "Saving…" : "Saved"}
    </span>
  );
}

function ProblemList({ problems, onClose }: { readonly problems: readonly Problem[]; onClose(): void }): ReactElement {
  const session = useSession();
  const { setCenter, getZoom, getViewport } = useReactFlow();
  const jump = (id: string): void => {
    const at = session.snapshot().places.get(id);
    session.select([id]);
    if (at) void setCenter(at[0] + BRICK.width / 2, at[1] + BRICK.height / 2, { zoom: Math.max(getZoom(), 0.75), ...glide() }).then(() => session.keepView(getViewport()));
  };
  return (
    <div className="problem-list" role="region" aria-label="Problems">
      <header>
        <b>{problemCount(problems)}</b>
        <button type="button" className="tool small" onClick={onClose} aria-label="Close the list of problems">
          <Icon name="close" />
        </button>
      </header>
      {problems.map((problem, i) => (
        <ProblemCard key={`${i} ${problem.says}`} problem={problem} onJump={() => problem.node && jump(problem.node)} />
      ))}
    </div>
  );
}

/** Size of the network, what is wrong with it, and whether it is saved. */
export function Status(): ReactElement {
  const analysis = usePart((snap) => snap.data.analysis);
  const [open, setOpen] = useState(false);
  const { totals, problems } = analysis;
  const severity = worst(problems);
  const least = isPartial(analysis) ? "≥ " : "";
  return (
    <div className="status">
      <div className="status-line">
        <SaveState />
        <span className="totals" title={`${least}${count(totals.params)} parameters, ${count(totals.macs)} multiply-accumulates for one sample, ${count(totals.bytes)} bytes`}>
          <span>
            <b>
              {least}
              {count(totals.params)}
            </b> parameters
          </span>
          <span>
            <b>{short(totals.macs)}</b> MACs
          </span>
          <span>
            <b>{bytes(totals.bytes)}</b>
          </span>
        </span>
        <button
          type="button"
          className="problems-chip"
          data-severity={severity}
          aria-expanded={open && problems.length > 0}
          disabled={problems.length === 0}
          onClick={() => setOpen(!open)}
        >
          <Icon name={severity ? (severity === "advice" ? "info" : "alert") : "check"} />
          {problemCount(problems)}
        </button>
      </div>
      {open && problems.length > 0 && <ProblemList problems={problems} onClose={() => setOpen(false)} />}
    </div>
  );
}
