import { Handle, Position } from "@xyflow/react";
import type { ReactElement } from "react";
import { inputName, outputName } from "./catalogue.ts";
import type { BrickData } from "./flow.ts";
import { portAt } from "./geometry.ts";

// Handles are placed inside the border of the brick, wires outside it.
const BORDER = 1;

interface LabelProps {
  readonly side: "in" | "out";
  readonly edge: "left" | "top";
  readonly left: number;
  readonly name: string;
}

function Label({ side, edge, left, name }: LabelProps): ReactElement {
  return (
    <span className={`port-name port-${side}`} data-edge={edge} style={{ [edge]: left }} aria-hidden="true">
      {name}
    </span>
  );
}

/** The places that wires lead to and from; they are named where there are several with names. */
export function Ports({ data: { layer, inputs, outputs, direction } }: { readonly data: BrickData }): ReactElement {
  const edge = direction === "right" ? "top" : "left";
  const at = (i: number, n: number): number => portAt(i, n, direction) - BORDER;
  const above = Array.from({ length: inputs }, (_, i) => ({ i, left: at(i, inputs), name: inputName(layer, i) }));
  const below = Array.from({ length: outputs }, (_, i) => ({ i, left: at(i, outputs), name: outputName(layer, i, outputs) }));
  return (
    <>
      {above.map(({ i, left, name }) => (
        <Handle key={`in-${i}`} id={`in-${i}`} type="target" position={direction === "right" ? Position.Left : Position.Top} style={{ [edge]: left }} title={inputs > 1 ? name : undefined} />
      ))}
      {below.map(({ i, left, name }) => (
        <Handle key={`out-${i}`} id={`out-${i}`} type="source" position={direction === "right" ? Position.Right : Position.Bottom} style={{ [edge]: left }} title={outputs > 1 ? name : undefined} />
      ))}
      {inputs > 1 && layer?.input_names && above.map(({ i, left, name }) => <Label key={i} side="in" edge={edge} left={left} name={name} />)}
      {outputs > 1 && layer?.output_names && below.map(({ i, left, name }) => <Label key={i} side="out" edge={edge} left={left} name={name} />)}
    </>
  );
}
