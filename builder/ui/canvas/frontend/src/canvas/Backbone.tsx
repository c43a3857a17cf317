import { type FormEvent, type ReactElement, useState } from "react";
import { Action } from "./BlockTools.tsx";
import { usePart, useSession } from "./context.ts";
import { choices, means } from "./datasets.ts";

/** Use the network for other classes: which data, and whether the rest stays as it is. */
function Form({ onClose }: { readonly onClose: () => void }): ReactElement {
  const session = useSession();
  const registered = usePart((snap) => snap.catalogue.datasets) ?? [];
  const own = usePart((snap) => snap.data.settings?.own);
  const datasets = choices(registered, own);
  const current = usePart((snap) => snap.data.settings?.source);
  const [source, setSource] = useState(current ?? datasets[0]?.source ?? "");
  const [freeze, setFreeze] = useState(true);
  const dataset = datasets.find((one) => one.source === source);
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    session.send({ op: "backbone", source: means(source, own), freeze });
    onClose();
  };
  return (
    <form className="backbone" aria-label="Use as backbone" onSubmit={onSubmit} onKeyDown={(event) => event.key === "Escape" && onClose()}>
      <label className="field-name" htmlFor="bw-backbone-data">
        Classes of
      </label>
      <select id="bw-backbone-data" className="text" value={source} autoFocus onChange={(event) => setSource(event.target.value)}>
        {datasets.map((one) => (
          <option key={one.source} value={one.source}>
            {one.title}
          </option>
        ))}
      </select>
      <label className="tick">
        <input type="checkbox" checked={freeze} onChange={(event) => setFreeze(event.target.checked)} />
        Train the new head only
      </label>
      <p className="help">
        The last learned layer gives {dataset?.classes ?? "the"} scores, the Input takes samples of {dataset?.shape.join("×") ?? "that data"}
        {freeze ? ", and everything else is frozen." : "."}
      </p>
      <div className="buttons">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className="button primary" disabled={dataset === undefined}>
          Replace the head
        </button>
      </div>
    </form>
  );
}

/** The network as a backbone for other data, in one action; and what it starts from. */
export function Backbone(): ReactElement | null {
  const [open, setOpen] = useState(false);
  const editable = usePart((snap) => snap.data.editable !== false);
  const weights = usePart((snap) => snap.data.settings?.weights);
  if (!editable) return null;
  return (
    <section className="backbone-tools" aria-label="Backbone">
      {weights && <p className="help">Starts from {weights}</p>}
      {open ? (
        <Form onClose={() => setOpen(false)} />
      ) : (
        <Action icon="layers" name="Use as backbone…" hint="A new head for the classes of another data set, the rest as it is" onClick={() => setOpen(true)} />
      )}
    </section>
  );
}
