import { type ReactElement, useEffect, useRef } from "react";
import { usePart, useSession } from "./context.ts";
import { problemCount } from "./format.ts";
import { Icon } from "./icons.tsx";
import { MAC } from "./keys.ts";
import { ProblemCard, SilenceButton } from "./ProblemCard.tsx";
import { problemKey, sureCount } from "./problems.ts";
import { keysOf } from "./shortcuts.ts";
import type { Problem } from "./types.ts";

/** One button that applies every fix that needs no choice, as one entry of the history. */
function FixAll({ problems }: { readonly problems: readonly Problem[] }): ReactElement | null {
  const session = useSession();
  const n = sureCount(problems);
  if (n === 0) return null;
  const says = n === 1 ? "1 problem has one obvious fix" : `${n} problems have one obvious fix each; all are applied in one step, which undo takes back`;
  return (
    <button type="button" className="fix fix-all" title={says} onClick={() => session.deliver({ op: "fix_all" })}>
      <Icon name="check" />
      {n === 1 ? "Fix 1 problem" : `Fix ${n} problems`}
    </button>
  );
}

function Silenced({ problems, onJump }: { readonly problems: readonly Problem[]; onJump(problem: Problem): void }): ReactElement | null {
  if (problems.length === 0) return null;
  return (
    <details className="silenced">
      <summary>{problems.length} silenced</summary>
      <ul>
        {problems.map((problem) => (
          <li key={problemKey(problem)}>
            <button type="button" className="jump" onClick={() => onJump(problem)} aria-label={`Show ${problem.node}`}>
              {problem.node}
            </button>
            <span>{problem.says}</span>
            <SilenceButton problem={problem} back />
          </li>
        ))}
      </ul>
    </details>
  );
}

interface Props {
  readonly problems: readonly Problem[];
  readonly silenced: readonly Problem[];
  /** The problem that was gone to last. */
  readonly current: string | null;
  onJump(problem: Problem): void;
  onStep(step: 1 | -1): void;
  onClose(): void;
}

/** All problems of the project in order. */
export function ProblemList({ problems, silenced, current, onJump, onStep, onClose }: Props): ReactElement {
  const editable = usePart((snap) => snap.data.editable !== false);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector('[data-current="true"]')?.scrollIntoView({ block: "nearest" });
  }, [current]);
  return (
    <div className="problem-list" role="region" aria-label="Problems" tabIndex={-1} ref={list}>
      <header>
        <b>{problemCount(problems)}</b>
        <button type="button" className="tool small" disabled={problems.length === 0} title={`Previous problem${keysOf("previousProblem", MAC)}`} aria-label="Previous problem" onClick={() => onStep(-1)}>
          <Icon name="up" />
        </button>
        <button type="button" className="tool small" disabled={problems.length === 0} title={`Next problem${keysOf("nextProblem", MAC)}`} aria-label="Next problem" onClick={() => onStep(1)}>
          <Icon name="chevron" />
        </button>
        <button type="button" className="tool small" onClick={onClose} aria-label="Close the list of problems">
          <Icon name="close" />
        </button>
      </header>
      {editable && <FixAll problems={problems} />}
      {problems.map((problem, i) => (
        <ProblemCard key={`${i} ${problem.says}`} problem={problem} current={problemKey(problem) === current} onJump={() => onJump(problem)} />
      ))}
      <Silenced problems={silenced} onJump={onJump} />
    </div>
  );
}
