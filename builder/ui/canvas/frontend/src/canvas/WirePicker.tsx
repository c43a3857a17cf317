import { useReactFlow } from "@xyflow/react";
import { type ReactElement, useMemo, useState } from "react";
import { slug } from "./catalogue.ts";
import { Chooser, type Option } from "./Chooser.tsx";
import { useSession, useSnapshot } from "./context.ts";
import { findNode, makeWire } from "./document.ts";
import { BrickChip } from "./icons.tsx";
import { nearSpot, overlayAt } from "./overlay.ts";
import { type Goal, goalsFrom } from "./wiring.ts";

/** Draw a wire without a mouse: choose the input that the output of `from` leads to. */
export function WirePicker({ from }: { readonly from: string }): ReactElement {
  const session = useSession();
  const { sync, catalogue, places } = useSnapshot();
  const { flowToScreenPosition } = useReactFlow();
  const [text, setText] = useState("");
  const goals = useMemo(() => goalsFrom({ document: sync.document, catalogue, places }, from), [sync.document, catalogue, places, from]);
  const wanted = text.trim().toLowerCase();
  const found = goals.filter((goal) => `${goal.title} ${kindOf(goal)}`.toLowerCase().includes(wanted));
  function kindOf(goal: Goal): string {
    return findNode(sync.document, goal.id)?.kind ?? "";
  }
  const option = (goal: Goal): Option => ({
    key: `${goal.id} ${goal.port} ${goal.output}`,
    title: goal.title,
    icon: <BrickChip category={slug(catalogue.layers[kindOf(goal)]?.category)} />,
    detail: [kindOf(goal), goal.note].filter(Boolean).join(", "),
    wrong: goal.why,
  });
  const pane = session.desk.pane?.getBoundingClientRect() ?? new DOMRect();
  const toPane = (point: readonly [number, number]): readonly [number, number] => {
    const { x, y } = flowToScreenPosition({ x: point[0], y: point[1] });
    return [x - pane.left, y - pane.top];
  };
  const close = (): void => {
    session.setDrop({ type: "free" });
    session.desk.close();
  };
  const choose = (index: number): void => {
    const goal = found[index];
    if (!goal) return;
    if (goal.why) return session.toast(goal.why);
    close();
    session.send({ op: "connect", ...makeWire(from, goal.id, goal.port, goal.output) });
    session.desk.focus(from);
  };
  return (
    <Chooser
      label={`Connect ${from} to`}
      placeholder={`Connect ${from} to …`}
      text={text}
      options={found.map(option)}
      empty="No brick matches."
      at={overlayAt(nearSpot({ type: "behind", id: from }, places, toPane), pane.width, pane.height)}
      onText={setText}
      onActive={(index) => {
        const goal = found[index];
        session.setDrop(goal && !goal.why ? { type: "onto", id: goal.id } : { type: "free" });
      }}
      onChoose={choose}
      onClose={close}
    />
  );
}
