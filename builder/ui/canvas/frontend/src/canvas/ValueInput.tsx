import { type KeyboardEvent, type ReactElement, useEffect, useRef, useState } from "react";
import type { Param } from "./catalogue.ts";
import { parse, show } from "./fields.ts";
import { Icon, type IconName } from "./icons.tsx";
import { suggested } from "./numbers.ts";
import type { ParamValue } from "./types.ts";
import { type Numbers, useHeld, useScrub } from "./useScrub.ts";

const TYPING_MS = 150;

export interface ValueProps {
  readonly id: string;
  readonly label: string;
  readonly param: Param;
  readonly value: ParamValue;
  onValue(value: ParamValue): void;
  onWrong(says: string | null): void;
}

interface StepperProps {
  readonly icon: IconName;
  readonly name: string;
  readonly by: number;
  readonly numbers: Numbers;
  next(from: number | null, by: number): number;
}

function Stepper({ icon, name, by, numbers, next }: StepperProps): ReactElement {
  const hold = useHeld(numbers, by, next);
  return (
    <button type="button" tabIndex={-1} aria-label={name} onPointerDown={hold} onClick={(event) => event.detail === 0 && numbers.commit(next(numbers.now(), by))}>
      <Icon name={icon} />
    </button>
  );
}

interface ValuesProps {
  readonly label: string;
  readonly values: readonly number[];
  readonly now: number | null;
  onPick(value: number): void;
}

/** Numbers to choose from, under the field that is being filled in. */
function Values({ label, values, now, onPick }: ValuesProps): ReactElement {
  return (
    <span className="values" role="group" aria-label={`Values for ${label}`} onPointerDown={(event) => event.preventDefault()}>
      {values.map((value) => (
        <button key={value} type="button" tabIndex={-1} aria-pressed={value === now} onClick={() => onPick(value)}>
          {value}
        </button>
      ))}
    </span>
  );
}

/** A text field that sends only what can be read as the parameter's type, and says why it does not send the rest. */
export function ValueInput({ id, label, param, value, onValue, onWrong }: ValueProps): ReactElement {
  const [text, setText] = useState(show(value));
  const [invalid, setInvalid] = useState(false);
  const [focused, setFocused] = useState(false);
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
  const stepped = (from: number | null, by: number): number => {
    const start = from ?? Number(param.min ?? 0) - by;
    return Math.min(param.max ?? Number.MAX_SAFE_INTEGER, Math.max(param.min ?? Number.MIN_SAFE_INTEGER, start + by));
  };
  const now = (): number | null => {
    const parsed = parse(text, param);
    return parsed.ok && typeof parsed.value === "number" ? parsed.value : null;
  };
  const commit = (next: number): void => change(String(next), 0);
  const numbers = { param, now, show: (next: number): void => setText(String(next)), commit };
  const scrub = useScrub(numbers);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Enter") flush();
    if (param.type !== "int" || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    commit(stepped(now(), (event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 10 : 1)));
  };
  const isNumber = param.type === "int" || param.type === "float";
  const input = (
    <input
      id={id}
      className={isNumber ? "text number" : "text"}
      inputMode={param.type === "ints" ? "text" : "decimal"}
      aria-label={label}
      aria-invalid={invalid}
      aria-describedby={`${id}-help`}
      title={isNumber ? "Drag sideways to change it, with Shift in small steps" : undefined}
      value={text}
      placeholder={param.optional ? "automatic" : ""}
      autoComplete="off"
      spellCheck={false}
      onChange={(event) => change(event.target.value, TYPING_MS)}
      onPointerDown={isNumber ? scrub : undefined}
      onFocus={() => setFocused(true)}
      onBlur={() => {
        setFocused(false);
        flush();
      }}
      onKeyDown={onKeyDown}
    />
  );
  if (param.type !== "int") return input;
  return (
    <span className="stepper">
      {input}
      <Stepper icon="minus" name={`Less ${label}`} by={-1} numbers={numbers} next={stepped} />
      <Stepper icon="plus" name={`More ${label}`} by={1} numbers={numbers} next={stepped} />
      {focused && !invalid && <Values label={label} values={suggested(param, now())} now={now()} onPick={commit} />}
    </span>
  );
}
