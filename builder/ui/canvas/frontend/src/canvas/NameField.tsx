import { type ReactElement, useEffect, useState } from "react";
import { useSession } from "./context.ts";
import { nameProblem } from "./fields.ts";
import type { BrickNode } from "./types.ts";

/** The name of a brick: what it is called in the source and in the saved weights. */
export function Name({ node }: { readonly node: BrickNode }): ReactElement {
  const session = useSession();
  const [text, setText] = useState(node.id);
  useEffect(() => setText(node.id), [node.id]);
  const taken = session.drawing().document.nodes.map((other) => other.id).filter((id) => id !== node.id);
  const wrong = text === node.id ? null : nameProblem(text.trim(), taken);
  const commit = (): void => {
    if (wrong === null && text.trim() !== node.id) session.rename(node.id, text.trim());
  };
  return (
    <div className="field" data-invalid={wrong !== null}>
      <label className="field-name" htmlFor="bw-name">
        Name
      </label>
      <input
        id="bw-name"
        className="text"
        value={text}
        spellCheck={false}
        autoComplete="off"
        aria-invalid={wrong !== null}
        aria-describedby={wrong ? "bw-name-wrong" : undefined}
        onChange={(event) => setText(event.target.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === "Enter") commit();
          if (event.key === "Escape") setText(node.id);
        }}
      />
      {wrong && (
        <p className="wrong" role="alert" id="bw-name-wrong">
          {wrong}
        </p>
      )}
    </div>
  );
}
