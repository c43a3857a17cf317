import type { ReactElement } from "react";
import { useSession } from "./context.ts";
import type { Problem } from "./types.ts";

const WORD = { error: "Error", warning: "Warning", advice: "Hint" } as const;

/** One problem: what is wrong, the rule with its numbers, and a button for each fix. */
export function ProblemCard({ problem, onJump }: { readonly problem: Problem; readonly onJump?: () => void }): ReactElement {
  const session = useSession();
  return (
    <div className="problem" data-severity={problem.severity}>
      <p className="about">
        <span className="severity">{WORD[problem.severity]}</span>
        {onJump && problem.node ? (
          <button type="button" className="jump" onClick={onJump} aria-label={`Show ${problem.node}`}>
            {problem.node}
          </button>
        ) : null}
      </p>
      <p className="says">{problem.says}</p>
      {problem.because && <p className="because">{problem.because}</p>}
      {problem.fixes.length > 0 && (
        <div className="fixes">
          {problem.fixes.map((fix) => (
            <button type="button" key={fix.label} className="fix" onClick={() => session.fix(fix.edit)}>
              {fix.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
