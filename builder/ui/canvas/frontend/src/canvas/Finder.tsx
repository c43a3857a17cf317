import { type ReactElement, useState } from "react";
import { slug } from "./catalogue.ts";
import { Chooser, type Option } from "./Chooser.tsx";
import { useSession, useSnapshot } from "./context.ts";
import { BrickChip } from "./icons.tsx";
import { overlayAt } from "./overlay.ts";
import type { BrickNode } from "./types.ts";

/** Names that start with what was typed before those that hold it, then kinds. */
function foundBricks(nodes: readonly BrickNode[], text: string): readonly BrickNode[] {
  const wanted = text.trim().toLowerCase();
  const worth = ({ id, kind }: BrickNode): number => {
    if (id.toLowerCase().startsWith(wanted)) return 0;
    if (id.toLowerCase().includes(wanted)) return 1;
    return kind.toLowerCase().includes(wanted) ? 2 : 3;
  };
  const ranked = nodes.map((node) => ({ node, worth: worth(node) })).filter((one) => one.worth < 3);
  return ranked.sort((a, b) => a.worth - b.worth).map((one) => one.node);
}

// More lines than anybody reads: the list is drawn anew with every letter.
const MOST = 60;

/** Go to a brick by its name or kind. */
export function Finder(): ReactElement {
  const session = useSession();
  const { sync, catalogue, infos } = useSnapshot();
  const [text, setText] = useState("");
  const found = foundBricks(sync.document.nodes, text).slice(0, MOST);
  const option = ({ id, kind }: BrickNode): Option => ({
    key: id,
    title: id,
    icon: <BrickChip category={slug(catalogue.layers[kind]?.category)} />,
    detail: [kind, infos[id]?.sizes ? infos[id]?.shape : ""].filter(Boolean).join(", "),
  });
  const pane = session.desk.pane?.getBoundingClientRect() ?? new DOMRect();
  const choose = (index: number): void => {
    const node = found[index];
    if (!node) return;
    session.desk.close();
    session.select([node.id]);
    session.desk.focus(node.id);
  };
  return (
    <Chooser
      label="Go to a brick"
      placeholder="Go to …"
      text={text}
      options={found.map(option)}
      empty="No brick matches."
      at={overlayAt(null, pane.width, pane.height)}
      onText={setText}
      onChoose={choose}
      onClose={session.desk.close}
    />
  );
}
