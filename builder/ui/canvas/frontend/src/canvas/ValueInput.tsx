import { type KeyboardEvent, type ReactElement, useState } from "react";
import { nearest, parse } from "./fields.ts";
import { Icon, type IconName } from "./icons.tsx";
import { suggested } from "./numbers.ts";
import { type Numbers, useHeld, useScrub } from "./useScrub.ts";
import { type Given, useTyped } from "./useTyped.ts";

export interface ValueProps extends Given {
  readonly label: string;
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
export function ValueInput(props: ValueProps): ReactElement {
  const { id, label, param, value } = props;
  const typed = useTyped(props);
  const [focused, setFocused] = useState(false);
  const stepped = (from: number | null, by: number): number => nearest((from ?? Number(param.min ?? 0) - by) + by, param);
  const now = (): number | null => {
    const parsed = parse(typed.text, param);
    // Where the text is none, the number goes on from the one in force.
    const known = parsed.ok ? parsed.value : value;
    return typeof known === "number" ? known : null;
  };
  const commit = (next: number): void => typed.commit(next);
  const numbers = { param, now, show: (next: number): void => typed.setText(String(next)), commit };
  const scrub = useScrub(numbers);
  const enter = (): void => {
    typed.flush();
    typed.begin();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Enter") enter();
    // The canvas then takes the focus, as from everything in the properties.
    if (event.key === "Escape") typed.takeBack();
    if (param.type !== "int" || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    typed.commit(stepped(now(), (event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 10 : 1)), event.repeat);
  };
  const isNumber = param.type === "int" || param.type === "float";
  const input = (
    <input
      id={id}
      className={isNumber ? "text number" : "text"}
      inputMode={param.type === "ints" || param.type === "text" ? "text" : "decimal"}
      aria-label={label}
      aria-invalid={typed.wrong}
      aria-describedby={`${id}-help`}
      title={isNumber ? "Drag sideways to change it, with Shift in small steps" : undefined}
      value={typed.text}
      placeholder={param.optional ? "automatic" : ""}
      autoComplete="off"
      spellCheck={false}
      onChange={(event) => typed.type(event.target.value)}
      onPointerDown={isNumber ? scrub : undefined}
      onFocus={() => {
        setFocused(true);
        typed.begin();
      }}
      onBlur={() => {
        setFocused(false);
        typed.flush();
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
      {focused && !typed.wrong && <Values label={label} values={suggested(param, now())} now={now()} onPick={commit} />}
    </span>
  );
}
