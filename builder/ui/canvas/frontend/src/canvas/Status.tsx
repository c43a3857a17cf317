import { useReactFlow } from "@xyflow/react";
import { type KeyboardEvent, type ReactElement, useEffect, useRef, useState } from "react";
import { usePart, useSession } from "./context.ts";
import { bytes, count, plural, problemCount, short, total, worst } from "./format.ts";
import { BRICK } from "./geometry.ts";
import { Icon } from "./icons.tsx";
import { glide } from "./motion.ts";
import { ProblemList } from "./ProblemList.tsx";
import { problemBeside, problemKey, spokenProblem } from "./problems.ts";
import type { Problem } from "./types.ts";
import { useAnswer } from "./useDesk.ts";
import { covered } from "./useView.ts";

const QUICK_MS = 300;
const AWAY = "The server does not answer. Your edits are kept in this tab and sent once it does.";

/** “Saving…” only when the answer takes longer than a blink; without a server the edits stay in this tab until there is one. */
function SaveState(): ReactElement {
  const reached = usePart((snap) => snap.reached);
  const waiting = usePart((snap) => snap.sync.pending.length > 0);
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    if (!waiting) return setSlow(false);
    const timer = setTimeout(() => setSlow(true), QUICK_MS);
    return () => clearTimeout(timer);
  }, [waiting]);
  return (
    <span className="save" data-waiting={waiting || !reached} data-away={!reached} title={reached ? undefined : AWAY} aria-live="polite">
      {!reached ? "Not connected" : slow ? "Saving…" : "Saved"}
    </span>
  );
}

interface Walk {
  readonly current: string | null;
  readonly spoken: string;
  jump(problem: Problem): void;
  step(by: 1 | -1): void;
}

/** Going from problem to problem: the block that holds it opens, the brick is selected, brought into sight and gets the focus. */
function useWalk(problems: readonly Problem[], onWhole: () => void): Walk {
  const session = useSession();
  const { setCenter, getZoom, getViewport } = useReactFlow();
  const [current, setCurrent] = useState<string | null>(null);
  const [spoken, setSpoken] = useState("");
  const show = (id: string): void => {
    const at = session.snapshot().places.get(id);
    session.select([id]);
    session.desk.focus(id);
    // Once the properties are there, which may lie over the canvas.
    requestAnimationFrame(() => {
      const zoom = Math.max(getZoom(), 0.75);
      if (at) void setCenter(at[0] + BRICK.width / 2 + covered(session) / 2 / zoom, at[1] + BRICK.height / 2, { zoom, ...glide() }).then(() => session.keepView(getViewport()));
    });
  };
  const jump = (problem: Problem): void => {
    const path = problem.path ?? [];
    setCurrent(problemKey(problem));
    setSpoken(spokenProblem(problems, problem));
    if (problem.node === null) onWhole();
    else if (path.join() === session.snapshot().path.join()) show(problem.node);
    else session.openPath(path, [problem.node]);
  };
  const step = (by: 1 | -1): void => {
    const next = problemBeside(problems, current, by);
    if (next) jump(next);
  };
  useAnswer("nextProblem", () => step(1));
  useAnswer("previousProblem", () => step(-1));
  return { current, spoken, jump, step };
}

const NONE: readonly Problem[] = [];

/** Size of the network, what is wrong with it, and whether it is saved. */
export function Status(): ReactElement {
  const analysis = usePart((snap) => snap.data.analysis);
  const [open, setOpen] = useState(false);
  const chip = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setOpen(false);
    chip.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    close();
  };
  const { totals, problems } = analysis;
  const silenced = analysis.silenced ?? NONE;
  const walk = useWalk(problems, () => setOpen(true));
  const severity = worst(problems);
  const any = problems.length + silenced.length > 0;
  const params = total(analysis, totals.params, count);
  return (
    <div className="status" onKeyDown={onKeyDown}>
      <div className="status-line">
        <SaveState />
        <span className="totals" title={`${params} parameters, ${count(totals.macs)} multiply-accumulates for one sample, ${count(totals.bytes)} bytes`}>
          <span>
            <b>{params}</b> parameters
          </span>
          <span>
            <b>{short(totals.macs)}</b> MACs
          </span>
          <span>
            <b>{bytes(totals.bytes)}</b>
          </span>
        </span>
        <button
          ref={chip}
          type="button"
          className="problems-chip"
          data-severity={severity}
          data-short={new Set(problems.map((problem) => problem.severity)).size > 1 ? plural(problems.length, "problem") : undefined}
          aria-expanded={open && any}
          disabled={!any}
          onClick={() => setOpen(!open)}
        >
          <Icon name={severity ? (severity === "advice" ? "info" : "alert") : "check"} />
          <span className="counted">{problemCount(problems)}</span>
          {silenced.length > 0 && <small>{silenced.length} silenced</small>}
        </button>
      </div>
      <span className="spoken" aria-live="polite">
        {walk.spoken}
      </span>
      {open && any && <ProblemList problems={problems} silenced={silenced} current={walk.current} onJump={walk.jump} onStep={walk.step} onClose={close} />}
    </div>
  );
}
