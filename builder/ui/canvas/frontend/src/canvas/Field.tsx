import { type KeyboardEvent, type ReactElement, useEffect, useId, useRef, useState } from "react";
import { type Param, sameValue, valueOf } from "./catalogue.ts";
import { useSession } from "./context.ts";
import { joinPair, pair, parse, show } from "./fields.ts";
import { Icon } from "./icons.tsx";
import type { BrickNode, ParamValue } from "./types.ts";

const TYPING_MS = 150;

interface TextProps {
  readonly id: string;
  readonly label: string;
  readonly param: Param;
  readonly value: ParamValue;
  onValue(value: ParamValue): void;
  onWrong(says: string | null): void;
}

/** A text field that sends only what can be read as the parameter's type, and says why it does not send the rest. */
function ValueInput({ id, label, param, value, onValue, onWrong }: TextProps): ReactElement {
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
    timer.current = { handle: setTimeout(act, wait), flush: act };
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

/** One number for both axes, or one for each. */
function PairInput(props: TextProps): ReactElement {
  const { param, value, onValue, id } = props;
  const [split, setSplit] = useState(Array.isArray(value));
  const [height, width] = pair(value);
  useEffect(() => setSplit((now) => now || Array.isArray(value)), [value]);
  const join = (): void => {
    if (split && height !== width) onValue(height);
    setSplit(!split);
  };
  const name = split ? `Use one number for both axes of ${param.name}` : `Use different numbers for height and width of ${param.name}`;
  return (
    <span className="pair">
      {split ? (
        <>
          <ValueInput {...props} label={`${param.name}, height`} value={height} onValue={(next) => onValue(joinPair(next, width))} />
          <span aria-hidden="true">×</span>
          <ValueInput {...props} id={`${id}-w`} label={`${param.name}, width`} value={width} onValue={(next) => onValue(joinPair(height, next))} />
        </>
      ) : (
        <ValueInput {...props} value={height} />
      )}
      <button type="button" className="tool small" aria-pressed={split} aria-label={name} title={name} onClick={join}>
        <Icon name={split ? "link" : "split"} />
      </button>
    </span>
  );
}

function Control(props: TextProps): ReactElement {
  const { id, param, value, onValue } = props;
  if (param.type === "bool") {
    return <input id={id} type="checkbox" role="switch" className="switch" checked={value === true} onChange={(event) => onValue(event.target.checked)} />;
  }
  if (param.type === "choice") {
    const choices = param.choices ?? [];
    return (
      <select id={id} className="text" value={String(value)} onChange={(event) => onValue(choices.find((c) => String(c) === event.target.value) ?? null)}>
        {choices.map((choice) => (
          <option key={String(choice)}>{String(choice)}</option>
        ))}
      </select>
    );
  }
  return param.axes === 2 ? <PairInput {...props} /> : <ValueInput {...props} />;
}

/** One parameter: its control by type, what it means, its default and the way back to it. */
export function Field({ node, param }: { readonly node: BrickNode; readonly param: Param }): ReactElement {
  const session = useSession();
  const id = useId();
  const [wrong, setWrong] = useState<string | null>(null);
  const value = valueOf(node, param);
  const changed = !sameValue(value, param.default);
  const put = (next: ParamValue): void => {
    session.send({ op: "set", id: node.id, params: { [param.name]: sameValue(next, param.default) ? null : next } });
  };
  const byDefault = param.default === null ? "automatic" : show(param.default);
  return (
    <div className="field" data-invalid={wrong !== null}>
      <div className="field-head">
        <label className="field-name" htmlFor={id}>
          {param.name}
        </label>
        {changed && (
          <button type="button" className="reset" aria-label={`Reset ${param.name} to ${byDefault}`} title={`Reset to ${byDefault}`} onClick={() => put(param.default)}>
            <Icon name="reset" />
          </button>
        )}
      </div>
      <Control id={id} label={param.name} param={param} value={value} onValue={put} onWrong={setWrong} />
      {wrong && (
        <p className="wrong" role="alert">
          {wrong}
        </p>
      )}
      <p className="help" id={`${id}-help`}>
        {param.doc}. <span className="default">Default {byDefault}.</span>
      </p>
    </div>
  );
}
