import { type KeyboardEvent, memo, type ReactElement, useDeferredValue, useMemo, useRef, useState } from "react";
import { grouped, type Layer, slug } from "./catalogue.ts";
import { usePart } from "./context.ts";
import { BrickChip, Icon } from "./icons.tsx";
import { OwnBlock } from "./OwnBlock.tsx";
import { Ghost, usePaletteDrag } from "./usePaletteDrag.tsx";

interface ItemProps {
  readonly layer: Layer;
  onAdd(layer: Layer): void;
  onGrab(layer: Layer, event: React.PointerEvent): void;
  onHint(layer: Layer | null, element?: HTMLElement): void;
}

/** A tap adds; a mouse takes two clicks, for the first may begin a drag. */
function isTouch(event: MouseEvent): boolean {
  return event instanceof PointerEvent && event.pointerType === "touch";
}

function Item({ layer, onAdd, onGrab, onHint }: ItemProps): ReactElement {
  const ref = useRef<HTMLButtonElement>(null);
  const hint = (): void => onHint(layer, ref.current ?? undefined);
  return (
    <li>
      <button
        ref={ref}
        type="button"
        className="item"
        data-kind={layer.kind}
        aria-description={`${layer.summary} Press Enter to add it behind the selected brick.`}
        onPointerDown={(event) => onGrab(layer, event)}
        onDoubleClick={(event) => isTouch(event.nativeEvent) || onAdd(layer)}
        onClick={(event) => (event.detail === 0 || isTouch(event.nativeEvent)) && onAdd(layer)}
        onPointerEnter={hint}
        onPointerLeave={() => onHint(null)}
        onFocus={(event) => event.currentTarget.matches(":focus-visible") && hint()}
        onBlur={() => onHint(null)}
      >
        <BrickChip category={slug(layer.category)} />
        <span className="item-kind">{layer.kind}</span>
      </button>
      {layer.block === "own" && <OwnBlock layer={layer} />}
    </li>
  );
}

interface HintState {
  readonly layer: Layer;
  readonly top: number;
}

function Hint({ layer, top }: HintState): ReactElement {
  return (
    <div className="hint" role="tooltip" style={{ top }}>
      <b>{layer.kind}</b>
      <p>{layer.summary}</p>
      {!layer.pattern.startsWith("...") && <code>{layer.pattern.replace("->", "→")}</code>}
    </div>
  );
}

function Search({ query, onQuery }: { readonly query: string; onQuery(text: string): void }): ReactElement {
  return (
    <label className="search">
      <Icon name="search" />
      <input
        type="search"
        aria-label="Search layers"
        placeholder="Search layers"
        value={query}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => onQuery(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && onQuery("")}
      />
    </label>
  );
}

function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (step === 0) return;
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>("input, .item")];
  const at = items.findIndex((item) => item === (event.target as HTMLElement));
  const next = items[at + step];
  if (at < 0 || !next) return;
  event.preventDefault();
  event.stopPropagation();
  next.focus();
}

/** The layers to build with, by category, with a search box. */
export const Palette = memo(function Palette({ open, onOpen }: { readonly open: boolean; onOpen(open: boolean): void }): ReactElement {
  const catalogue = usePart((snap) => snap.catalogue);
  const locked = usePart((snap) => snap.data.editable === false);
  const [query, setQuery] = useState("");
  const [hint, setHint] = useState<HintState | null>(null);
  const wait = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const drag = usePaletteDrag(() => onOpen(false));
  const wanted = useDeferredValue(query);
  const groups = useMemo(() => grouped(catalogue, wanted), [catalogue, wanted]);
  const onHint = (layer: Layer | null, element?: HTMLElement): void => {
    clearTimeout(wait.current);
    if (!layer || !element) return setHint(null);
    const frame = element.closest(".bw")?.getBoundingClientRect();
    const top = element.getBoundingClientRect().top - (frame?.top ?? 0);
    wait.current = setTimeout(() => setHint({ layer, top }), 350);
  };
  const grab = (layer: Layer, event: React.PointerEvent): void => {
    onHint(null);
    drag.grab(layer, event);
  };
  return (
    <>
      <nav className="strip" aria-label="Palette drawer">
        <button type="button" className="tool" aria-label="Layers" aria-expanded={open} title="Layers" onClick={() => onOpen(!open)}>
          <Icon name="layers" />
        </button>
      </nav>
      <aside className="palette" aria-label="Layers" data-open={open} data-locked={locked} onKeyDown={moveFocus}>
        <Search query={query} onQuery={setQuery} />
        <div className="groups" onScroll={() => onHint(null)}>
          {groups.map(({ category, layers }) => (
            <section key={category} aria-label={category}>
              <h3>{category}</h3>
              <ul>
                {layers.map((layer) => (
                  <Item key={layer.kind} layer={layer} onAdd={drag.append} onGrab={grab} onHint={onHint} />
                ))}
              </ul>
            </section>
          ))}
          {groups.length === 0 && query !== "" && <p className="quiet">No layer matches “{query}”.</p>}
        </div>
      </aside>
      {hint && !drag.ghost && <Hint {...hint} />}
      {drag.ghost && <Ghost {...drag.ghost} />}
    </>
  );
});
