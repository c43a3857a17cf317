import { type ReactElement, useCallback, useEffect, useId, useRef, useState } from "react";
import { type Param, sameValue, valueOf } from "./catalogue.ts";
import { useSession } from "./context.ts";
import { joinPair, pair, show } from "./fields.ts";
import { Icon } from "./icons.tsx";
import { PromotedAs, PromotePin } from "./Promote.tsx";
import type { BrickNode, ParamValue } from "./types.ts";
import type { Wrong } from "./useTyped.ts";
import { ValueInput, type ValueProps } from "./ValueInput.tsx";

/** One number for both axes, or one for each. */
function PairInput(props: ValueProps): ReactElement {
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
          <ValueInput {...props} label={`${param.name}, height`} value={height} onValue={(next, run) => onValue(joinPair(next, width), run)} />
          <span aria-hidden="true">×</span>
          <ValueInput {...props} id={`${id}-w`} label={`${param.name}, width`} value={width} onValue={(next, run) => onValue(joinPair(height, next), run)} />
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

function Control(props: ValueProps): ReactElement {
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

type Wrongs = Readonly<Record<string, Wrong | null>>;

/** Why a text was not taken, and the ways out. */
function Refused({ says, ways }: Wrong): ReactElement {
  const seen = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    seen.current?.scrollIntoView({ block: "nearest" });
  }, []);
  return (
    <>
      <p className="wrong" role="alert">
        {says}
      </p>
      <span className="ways" ref={seen}>
        {ways.map((way) => (
          <button key={way.label} type="button" className="fix" onClick={way.take}>
            {way.label}
          </button>
        ))}
      </span>
    </>
  );
}

/** One parameter: its control by type, what it means, its default and the way back to it. */
export function Field({ node, param }: { readonly node: BrickNode; readonly param: Param }): ReactElement {
  const session = useSession();
  const id = useId();
  const [wrong, setWrong] = useState<Wrongs>({});
  const value = valueOf(node, param);
  const changed = !sameValue(value, param.default);
  const put = (next: ParamValue, run?: string): void => {
    const params = { [param.name]: sameValue(next, param.default) ? null : next };
    session.send({ op: "set", id: node.id, params, ...(run === undefined ? {} : { run }) });
  };
  const onWrong = useCallback((of: string, says: Wrong | null) => setWrong((all) => ({ ...all, [of]: says })), []);
  const says = Object.values(wrong).find((one) => one !== null);
  const byDefault = param.default === null ? "automatic" : show(param.default);
  return (
    <div className="field" data-invalid={says !== undefined}>
      <div className="field-head">
        <label className="field-name" htmlFor={id}>
          {param.name}
        </label>
        <span className="field-tools">
          {changed && (
            <button type="button" className="reset" aria-label={`Reset ${param.name} to ${byDefault}`} title={`Reset to ${byDefault}`} onClick={() => put(param.default)}>
              <Icon name="reset" />
            </button>
          )}
          <PromotePin node={node} param={param} />
        </span>
      </div>
      <Control id={id} label={param.name} param={param} value={value} owner={node.id} onValue={put} onWrong={onWrong} onLost={session.toast} />
      {says && <Refused {...says} />}
      <PromotedAs node={node} param={param} />
      <p className="help" id={`${id}-help`}>
        {param.doc}. <span className="default">Default {byDefault}.</span>
      </p>
    </div>
  );
}
