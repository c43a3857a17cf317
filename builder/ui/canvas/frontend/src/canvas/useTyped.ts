import { useEffect, useRef, useState } from "react";
import type { Param } from "./catalogue.ts";
import { parse, show } from "./fields.ts";
import type { ParamValue } from "./types.ts";

const TYPING_MS = 150;

/** What cannot be sent: why, and the ways out. */
export interface Wrong {
  readonly says: string;
  readonly ways: readonly { readonly label: string; take(): void }[];
}

export interface Given {
  /** The field's, by which its message is told from that of the other axis. */
  readonly id: string;
  readonly param: Param;
  /** The value in force. */
  readonly value: ParamValue;
  /** The brick that has it. */
  readonly owner: string;
  /** A value, and the run of changes that it belongs to. */
  onValue(value: ParamValue, run?: string): void;
  onWrong(id: string, wrong: Wrong | null): void;
  /** The field goes away with a text that could not be sent. */
  onLost(says: string): void;
}

export interface Typed {
  readonly text: string;
  readonly wrong: boolean;
  setText(text: string): void;
  type(text: string): void;
  /** A value chosen at once; one that follows another of the same gesture (`goesOn`) is no change of its own. */
  commit(value: ParamValue, goesOn?: boolean): void;
  /** What is typed becomes an edit now. */
  flush(): void;
  /** What is typed from here on is a change of its own, which `takeBack` undoes. */
  begin(): void;
  takeBack(): void;
}

interface Waiting {
  readonly handle: ReturnType<typeof setTimeout>;
  act(): void;
}

interface Visit {
  readonly run: string;
  readonly value: ParamValue;
}

const seed = Math.random().toString(36).slice(2);
let runs = 0;
const newRun = (): string => `${seed}-${(runs += 1)}`;
const visit = (value: ParamValue): Visit => ({ run: newRun(), value });
const keeps = (owner: string, value: ParamValue): string => `${owner} keeps ${value === null ? "the automatic value" : show(value)}.`;

/** A text that becomes edits while it is typed, as far as it can be read as the parameter's type. */
export function useTyped(given: Given): Typed {
  const { id, param, value, onWrong } = given;
  const [text, setText] = useState(show(value));
  const [wrong, setWrong] = useState<string | null>(null);
  const sent = useRef(value);
  const timer = useRef<Waiting | null>(null);
  const now = useRef<Visit>({ run: "", value });
  const gesture = useRef("");
  const latest = useRef({ given, wrong });
  latest.current = { given, wrong };
  const stop = (): void => {
    if (timer.current) clearTimeout(timer.current.handle);
    timer.current = null;
  };
  const refuse = (says: string | null, meant?: ParamValue): void => {
    setWrong(says);
    const wanted = meant === undefined || show(meant) === show(value) ? [] : [{ label: `Use ${show(meant)}`, take: () => commit(meant) }];
    const kept = { label: value === null ? "Keep it automatic" : `Keep ${show(value)}`, take: reset };
    onWrong(id, says === null ? null : { says: `${says} ${keeps(given.owner, value)}`, ways: [...wanted, kept] });
  };
  const put = (next: ParamValue, run: string): void => {
    sent.current = next;
    latest.current.given.onValue(next, run);
  };
  const change = (next: string, wait: number): void => {
    stop();
    setText(next);
    const parsed = parse(next, param);
    if (!parsed.ok) return refuse(parsed.says, parsed.meant);
    refuse(null);
    if (show(parsed.value) === show(sent.current)) return;
    const act = (): void => {
      timer.current = null;
      put(parsed.value, now.current.run);
    };
    timer.current = { handle: setTimeout(act, wait), act };
  };
  const flush = (): void => {
    const waiting = timer.current;
    stop();
    waiting?.act();
  };
  const begin = (): void => {
    now.current = visit(sent.current);
  };
  const commit = (next: ParamValue, goesOn = false): void => {
    flush();
    if (!goesOn) gesture.current = newRun();
    now.current = visit(next);
    setText(show(next));
    refuse(null);
    if (show(next) !== show(sent.current)) put(next, gesture.current);
  };
  const reset = (): void => {
    stop();
    setText(show(sent.current));
    refuse(null);
  };
  const takeBack = (): void => {
    const { value: before, run } = now.current;
    reset();
    setText(show(before));
    if (show(before) !== show(sent.current)) put(before, run);
  };
  useEffect(() => {
    if (show(value) === show(sent.current) || timer.current) return;
    sent.current = value;
    setText(show(value));
    setWrong(null);
    onWrong(id, null);
  }, [id, value, onWrong]);
  const flushLast = useRef(flush);
  flushLast.current = flush;
  useEffect(
    () => () => {
      flushLast.current();
      const { given: last, wrong: says } = latest.current;
      if (says === null) return;
      last.onWrong(last.id, null);
      last.onLost(`${says} ${keeps(last.owner, last.value)}`);
    },
    [],
  );
  return { text, wrong: wrong !== null, setText, type: (next) => change(next, TYPING_MS), commit, flush, begin, takeBack };
}
