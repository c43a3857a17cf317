import { type KeyboardEvent, type ReactElement, useRef, useState } from "react";
import { usePart, usePreview, useSession } from "./context.ts";
import { percent, plural } from "./format.ts";
import { Icon, type IconName } from "./icons.tsx";
import type { OfferedRun, PreviewState } from "./preview.ts";

const file = (state: PreviewState): PreviewState["file"] => state.file;
const offer = (state: PreviewState): PreviewState["offer"] => state.offer;

interface StepProps {
  readonly icon: IconName;
  readonly name: string;
  readonly disabled: boolean;
  onClick(): void;
}

function Step({ icon, name, disabled, onClick }: StepProps): ReactElement {
  return (
    <button type="button" className="tool small" aria-label={name} title={name} disabled={disabled} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

/** Which training sample goes through the network. */
function SampleSteps(): ReactElement {
  const session = useSession();
  const sample = usePreview(file)?.sample;
  const { sample: wanted } = usePreview(offer);
  const go = (index: number): void => session.choosePreview({ sample: index });
  const last = (sample?.count ?? 0) - 1;
  return (
    <div className="preview-sample" role="group" aria-label="Sample">
      <Step icon="first" name="First sample" disabled={wanted === 0} onClick={() => go(0)} />
      <Step icon="back" name="Previous sample" disabled={wanted === 0} onClick={() => go(wanted - 1)} />
      <span aria-live="polite">
        {sample?.title ? `${sample.title}, ` : ""}sample {wanted + 1}
        {sample?.label !== null && sample?.label !== undefined && <b> class {sample.label}</b>}
      </span>
      <Step icon="on" name="Next sample" disabled={last >= 0 && wanted >= last} onClick={() => go(wanted + 1)} />
    </div>
  );
}

function runName(run: OfferedRun): string {
  const accuracy = run.accuracy === null ? "" : `, ${percent(run.accuracy)} right`;
  const fits = run.taken < run.of ? `, fits ${run.taken} of ${plural(run.of, "brick")}` : "";
  return `${run.name}, ${plural(run.epoch, "epoch")}${accuracy}${fits}`;
}

/** Fresh weights, or those of a run of this drawing. */
function Weights(): ReactElement {
  const session = useSession();
  const shown = usePreview(file);
  const { run } = usePreview(offer);
  const start = usePart((snap) => snap.data.settings?.weights);
  const runs = shown?.runs ?? [];
  const gone = run !== null && !runs.some((other) => other.id === run);
  return (
    <label className="preview-weights">
      Weights
      <select value={run ?? ""} onChange={(event) => session.choosePreview({ run: event.target.value || null })}>
        <option value="">{start ? `Start: ${start}` : "Untrained"}</option>
        {runs.map((other) => (
          <option key={other.id} value={other.id}>
            {`Trained: ${runName(other)}`}
          </option>
        ))}
        {gone && <option value={run}>{`Trained: ${run}`}</option>}
      </select>
    </label>
  );
}

function said(shown: PreviewState["file"], fresh: boolean, hasRun: boolean): string {
  if (!shown) return "Starting: the first preview takes some seconds.";
  if (!fresh) return "Working it out…";
  if (shown.says) return shown.says;
  const { weights, sample } = shown;
  const fitted = weights ? `${weights.taken} of ${weights.of} trained tensors fit${weights.taken < weights.of ? "; the others are untrained" : ""}.` : "";
  const none = !hasRun && shown.runs?.length === 0 ? "Once this drawing has been trained, its weights can be chosen here." : "";
  return [sample?.says, fitted, none].filter(Boolean).join(" ");
}

function Menu({ onClose }: { onClose(): void }): ReactElement {
  const shown = usePreview(file);
  const fresh = usePreview((state) => state.fresh);
  const { run } = usePreview(offer);
  const words = said(shown, fresh, run !== null);
  return (
    <div className="preview-menu" role="dialog" aria-label="Live preview">
      <header>
        <b>Live preview</b>
        <button type="button" className="tool small" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <Weights />
      <SampleSteps />
      {words && (
        <p className="quiet" role="status">
          {words}
        </p>
      )}
    </div>
  );
}

/** The switch of the live preview and, while it is on, what it shows. */
export function PreviewTools(): ReactElement {
  const session = useSession();
  const { on } = usePreview(offer);
  const failed = usePreview((state) => Boolean(state.fresh && state.file?.says));
  const [open, setOpen] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setOpen(false);
    opener.current?.focus();
  };
  const toggle = (): void => {
    setOpen(false);
    session.choosePreview({ on: !on });
  };
  const unfold = (): void => {
    // A run may have ended, or data may have come, since the last look.
    if (!open) session.choosePreview({ again: true });
    setOpen(!open);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    close();
  };
  const hint = on ? "Switch the live preview off" : "Live preview: one real sample through the network, brick by brick";
  return (
    <span className="preview-tools" onKeyDown={onKeyDown}>
      <button type="button" className="tool" aria-label="Live preview" title={hint} aria-pressed={on} onClick={toggle}>
        <Icon name="eye" />
      </button>
      {on && (
        <button ref={opener} type="button" className="tool narrow" aria-label="Preview options" title="Weights and sample" aria-expanded={open} data-failed={failed} onClick={unfold}>
          <Icon name="chevron" />
        </button>
      )}
      {on && open && <Menu onClose={close} />}
    </span>
  );
}
