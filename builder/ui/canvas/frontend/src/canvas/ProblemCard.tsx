import type { ReactElement } from "react";
import { usePart, useSession } from "./context.ts";
import { findNode } from "./document.ts";
import { sentence } from "./problems.ts";
import type { Fix, Problem } from "./types.ts";

const WORD = { error: "Error", warning: "Warning", advice: "Advice" } as const;

function FixButton({ fix }: { readonly fix: Fix }): ReactElement {
  const session = useSession();
  return (
    <button type="button" className="fix" data-sure={fix.sure ?? false} onClick={() => session.fix(fix.edit)}>
      {fix.label}
    </button>
  );
}

/** Silence a problem on its brick, or bring it back. */
export function SilenceButton({ problem, back }: { readonly problem: Problem; readonly back?: boolean }): ReactElement | null {
  const session = useSession();
  const editable = usePart((snap) => snap.data.editable !== false);
  const { silence } = problem;
  if (!silence) return null;
  const says = back ? `Show this on ${problem.node} again` : `Do not show this on ${problem.node} any more; the list of problems keeps it`;
  return (
    <button type="button" className="silence" title={says} disabled={!editable} onClick={() => session.deliver(silence)}>
      {back ? "Bring back" : "Silence"}
    </button>
  );
}

interface Props {
  readonly problem: Problem;
  /** Is it the one that was gone to last? */
  readonly current?: boolean;
  readonly onJump?: () => void;
  /** The brick that it stands beside: what lies inside that block can be gone to. */
  readonly of?: string;
}

/** One problem: what is wrong, the rule with its numbers, and a button for each fix. */
export function ProblemCard({ problem, current, onJump, of }: Props): ReactElement {
  const session = useSession();
  const { node, path = [] } = problem;
  const inside = of !== undefined && node !== null && node !== of;
  const jump = inside ? (): void => session.openPath(path, [node]) : onJump;
  const told = (text: string): string => sentence(text, (word) => findNode(session.snapshot().sync.document, word) !== undefined);
  const where = [...path, node].join(" › ");
  return (
    <div className="problem" data-severity={problem.severity} data-code={problem.code} data-current={current ?? false} aria-current={current ? "true" : undefined}>
      <p className="about">
        <span className="severity">{WORD[problem.severity]}</span>
        {jump && node ? (
          <button type="button" className="jump" onClick={jump} aria-label={`Show ${where}`}>
            {where}
          </button>
        ) : null}
        <SilenceButton problem={problem} />
      </p>
      <p className="says">{told(problem.says)}</p>
      {problem.because && <p className="because">{told(problem.because)}</p>}
      {problem.fixes.length > 0 && (
        <div className="fixes">
          {problem.fixes.map((fix) => (
            <FixButton key={fix.label} fix={fix} />
          ))}
        </div>
      )}
    </div>
  );
}
