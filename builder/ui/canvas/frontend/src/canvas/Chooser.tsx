import { type KeyboardEvent, type ReactElement, type ReactNode, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import type { Point } from "./types.ts";

export interface Option {
  readonly key: string;
  readonly title: string;
  readonly icon?: ReactNode;
  readonly detail?: string;
  /** Why it cannot be chosen. */
  readonly wrong?: string | null;
  readonly quiet?: boolean;
}

interface ChooserProps {
  readonly label: string;
  readonly placeholder: string;
  readonly text: string;
  readonly options: readonly Option[];
  readonly empty: string;
  readonly at: Point;
  onText(text: string): void;
  onActive?(index: number): void;
  onChoose(index: number): void;
  onClose(): void;
}

const PAGE = 8;

function Line({ option, id, active, onPick }: { readonly option: Option; readonly id: string; readonly active: boolean; onPick(): void }): ReactElement {
  const line = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (active) line.current?.scrollIntoView({ block: "nearest" });
  }, [active]);
  const says = option.wrong ?? option.detail;
  return (
    <li ref={line} id={id} role="option" aria-selected={active} aria-disabled={Boolean(option.wrong)} className="choice" data-quiet={option.quiet} onPointerDown={(event) => event.preventDefault()} onClick={onPick}>
      {option.icon}
      <span className="choice-title">{option.title}</span>
      {says && <span className={option.wrong ? "choice-detail wrong" : "choice-detail"}>{says}</span>}
    </li>
  );
}

/** A text field with a list to choose from: arrow keys choose, Enter takes, Esc closes. */
export function Chooser(props: ChooserProps): ReactElement {
  const { label, placeholder, text, options, empty, at, onText, onActive, onChoose, onClose } = props;
  const list = useId();
  const field = useRef<HTMLInputElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const now = Math.min(active, Math.max(0, options.length - 1));
  useLayoutEffect(() => {
    field.current?.focus({ preventScroll: true });
    field.current?.setSelectionRange(field.current.value.length, field.current.value.length);
  }, []);
  const current = options[now]?.key;
  const tell = useRef(onActive);
  tell.current = onActive;
  useEffect(() => {
    if (current !== undefined) tell.current?.(now);
  }, [current, now]);
  useEffect(() => {
    const away = (event: PointerEvent): void => {
      if (frame.current && !event.composedPath().includes(frame.current)) onClose();
    };
    window.addEventListener("pointerdown", away, true);
    return () => window.removeEventListener("pointerdown", away, true);
  }, [onClose]);
  const step = (by: number): void => setActive(Math.max(0, Math.min(options.length - 1, now + by)));
  const onKeyDown = (event: KeyboardEvent): void => {
    event.stopPropagation();
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE };
    const by = event.key === "Tab" ? (event.shiftKey ? -1 : 1) : steps[event.key];
    if (by !== undefined) step(by);
    else if (event.key === "Enter" && !event.nativeEvent.isComposing) onChoose(now);
    else if (event.key === "Escape") onClose();
    else return;
    event.preventDefault();
  };
  return (
    <div ref={frame} className="chooser nokey" style={{ left: at[0], top: at[1] }} onDoubleClick={(event) => event.stopPropagation()}>
      <input
        ref={field}
        className="chooser-text"
        role="combobox"
        aria-label={label}
        aria-expanded="true"
        aria-autocomplete="list"
        aria-controls={list}
        aria-activedescendant={options.length > 0 ? `${list}-${now}` : undefined}
        placeholder={placeholder}
        value={text}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => {
          setActive(0);
          onText(event.target.value);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id={list} role="listbox" aria-label={label} className="choices">
        {options.map((option, i) => (
          <Line key={option.key} option={option} id={`${list}-${i}`} active={i === now} onPick={() => onChoose(i)} />
        ))}
      </ul>
      {options.length === 0 && <p className="quiet">{empty}</p>}
    </div>
  );
}
