import { type FocusEvent, type KeyboardEvent, type ReactElement, type ReactNode, useEffect, useRef, useState } from "react";
import { Icon, type IconName } from "./icons.tsx";

interface PopoverProps {
  readonly icon: IconName;
  readonly name: string;
  readonly hint?: string;
  readonly disabled?: boolean;
  readonly className?: string;
  children(close: () => void): ReactNode;
}

/** Arrow keys go through the buttons of a list. */
export function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (step === undefined) return;
  const root = event.currentTarget.getRootNode() as ShadowRoot | Document;
  const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>("button:not(:disabled)")];
  const at = buttons.findIndex((button) => button === root.activeElement);
  buttons[(at + step + buttons.length) % buttons.length]?.focus();
  event.preventDefault();
}

/** A button that opens a small panel of further buttons under it; Esc or a press elsewhere closes it. */
export function Popover({ icon, name, hint, disabled, className, children }: PopoverProps): ReactElement {
  const [open, setOpen] = useState(false);
  const frame = useRef<HTMLSpanElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return undefined;
    const away = (event: PointerEvent): void => {
      if (frame.current && !event.composedPath().includes(frame.current)) setOpen(false);
    };
    window.addEventListener("pointerdown", away, true);
    return () => window.removeEventListener("pointerdown", away, true);
  }, [open]);
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    if (!open) return;
    event.stopPropagation();
    if (event.key === "Escape") close();
    else moveFocus(event);
  };
  const onBlur = (event: FocusEvent): void => {
    if (event.relatedTarget instanceof Node && !frame.current?.contains(event.relatedTarget)) setOpen(false);
  };
  return (
    <span ref={frame} className="popover" onKeyDown={onKeyDown} onBlur={onBlur}>
      <button ref={button} type="button" className="tool" aria-label={name} title={hint ?? name} aria-expanded={open} disabled={disabled} onClick={() => setOpen(!open)}>
        <Icon name={icon} />
      </button>
      {open && (
        <div className={`popover-panel ${className ?? ""}`} role="group" aria-label={name}>
          {children(close)}
        </div>
      )}
    </span>
  );
}
