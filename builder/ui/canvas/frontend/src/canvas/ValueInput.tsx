import { type KeyboardEvent, type ReactElement, useEffect, useRef, useState } from "react";
import type { Param } from "./catalogue.ts";
import { parse, show } from "./fields.ts";
import { Icon } from "./icons.tsx";
import type { ParamValue } from "./types.ts";

const TYPING_MS = 150;

export interface ValueProps {
  readonly id: string;
  readonly label: string;
  readonly param: Param;
  readonly value: ParamValue;
  onValue(value: ParamValue): void;
  onWrong(says: string | null): void;
}

/** A text field that sends only what can be read as the parameter's type, and says why it does not send the rest. */
export function ValueInput({ id, label, param, value, onValue, onWrong }: ValueProps): ReactElement {
  const [text, setText] = useState(show(value));
  const [invalid, setInvalid] = useState(false);
  const sent = useRef(show(value));
  const timer = useRef<{ handle: ReturnType<typeof setTimeout>; flush: () => void } | null>(null);
  useEffect(() => {
    if (show(value) !== sent.current && !timer.current) {
      sent.current = show(value);
      setText(show(value));
      setInvalid(false);
      onWrong(null);
    }
  }, [value, onWrong]);
  const flush = (): void => {
    const waiting = timer.current;
    if (waiting) clearTimeout(waiting.handle);
    timer.current = null;
    waiting?.flush();
  };
  const flushLast = useRef(flush);
  flushLast.current = flush;
  useEffect(() => () => flushLast.current(), []);
  const change = (next: string, wait: number): void => {
    setText(next);
    const parsed = parse(next, param);
    setInvalid(!parsed.ok);
    onWrong(parsed.ok ? null : parsed.says);
    if (timer.current) clearTimeout(timer.current.handle);
    timer.current = null;
    if (!parsed.ok || show(parsed.value) === sent.current) return;
    const act = (): void => {
      timer.current = null;
      sent.current = show(parsed.value);
      onValue(parsed.value);
    };
    if (wait === 0) act();
    else timer.current = { handle: setTimeout(act, wait), flush: act };
  };
  const step = (by: number): void => {
    const parsed = parse(text, param);
    const from = parsed.ok && typeof parsed.value === "number" ? parsed.value : Number(param.min ?? 0) - by;
    const next = Math.min(param.max ?? Number.MAX_SAFE_INTEGER, Math.max(param.min ?? Number.MIN_SAFE_INTEGER, from + by));
    change(String(next), 0);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Enter") flush();
    if (param.type !== "int" || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    step(event.key === "ArrowUp" ? 1 : -1);
  };
  const input = (
    <input
      id={id}
      className="text"
      inputMode={param.type === "ints" ? "text" : "decimal"}
      aria-label={label}
      aria-invalid={invalid}
      aria-describedby={`${id}-help`}
      value={text}
      placeholder={param.optional ? "automatic" : ""}
      autoComplete="off"
      spellCheck={false}
      onChange={(event) => change(event.target.value, TYPING_MS)}
      onBlur={flush}
      onKeyDown={onKeyDown}
    />
  );
  if (param.type !== "int") return input;
  return (
    <span className="stepper">
      {input}
      <button type="button" tabIndex={-1} aria-label={`Less ${label}`} onClick={() => step(-1)}>
        <Icon name="minus" />
      </button>
      <button type="button" tabIndex={-1} aria-label={`More ${label}`} onClick={() => step(1)}>
        <Icon name="plus" />
      </button>
    </span>
  );
}
