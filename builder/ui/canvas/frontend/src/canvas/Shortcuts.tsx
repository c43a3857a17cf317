import { type KeyboardEvent, type ReactElement, useLayoutEffect, useRef } from "react";
import { Icon } from "./icons.tsx";
import { MAC } from "./keys.ts";
import { SHORTCUTS, shown } from "./shortcuts.ts";

const GROUPS = [...new Set(SHORTCUTS.map((shortcut) => shortcut.group))];

function Group({ name }: { readonly name: string }): ReactElement {
  const rows = SHORTCUTS.filter((shortcut) => shortcut.group === name && shortcut.says !== "");
  return (
    <section aria-label={name}>
      <h3>{name}</h3>
      <dl>
        {rows.map(({ command, keys, says }) => (
          <div key={command}>
            <dt>
              {keys.map((combo) => (
                <kbd key={combo}>{shown(combo, MAC)}</kbd>
              ))}
            </dt>
            <dd>{says}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** Keep the focus among what a dialog holds. */
function trap(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== "Tab") return;
  const stops = [...event.currentTarget.querySelectorAll<HTMLElement>("button, [tabindex='0']")];
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  if (event.target !== edge && event.target !== event.currentTarget) return;
  event.preventDefault();
  (event.shiftKey ? stops.at(-1) : stops[0])?.focus();
}

/** Every key of the canvas, from the table that the key handler uses. */
export function Shortcuts({ onClose }: { onClose(): void }): ReactElement {
  const dialog = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => dialog.current?.focus(), []);
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    event.stopPropagation();
    if (event.key === "Escape" || event.key === "?") onClose();
    else trap(event);
  };
  return (
    <div className="sheet-back nokey" onPointerDown={(event) => event.target === event.currentTarget && onClose()}>
      <div ref={dialog} className="sheet" role="dialog" aria-modal="true" aria-label="Keyboard shortcuts" tabIndex={-1} onKeyDown={onKeyDown}>
        <header>
          <h2>Keyboard shortcuts</h2>
          <button type="button" className="tool small" aria-label="Close the shortcuts" onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        <div className="sheet-groups" tabIndex={0} role="group" aria-label="Shortcuts">
          {GROUPS.map((name) => (
            <Group key={name} name={name} />
          ))}
        </div>
      </div>
    </div>
  );
}
