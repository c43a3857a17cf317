import type { ReactElement } from "react";
import { ownership } from "./blocks.ts";
import { useSession, useSnapshot } from "./context.ts";
import { Icon } from "./icons.tsx";

/** What a change here changes, or why nothing can be changed. */
function Notice(): ReactElement {
  const session = useSession();
  const { data, catalogue, sync } = useSnapshot();
  const { scope } = sync;
  const own = scope === null ? undefined : catalogue.layers[scope];
  if (own) {
    const uses = own.uses ?? 1;
    return (
      <p className="notice" role="status">
        You are editing {own.kind}
        {uses > 1 ? `: ${uses === 2 ? "both" : `all ${uses}`} instances change` : ""}
      </p>
    );
  }
  const edit = ownership(data.crumbs ?? [], catalogue);
  return (
    <p className="notice" role="status">
      <Icon name="lock" />
      <span title={data.locked ?? undefined}>{data.locked ?? "This block can only be looked at"}</span>
      {edit && (
        <button type="button" className="button" title="Unlink: copy it into this project, where it can be changed" onClick={() => session.deliver(edit)}>
          Make it yours
        </button>
      )}
    </p>
  );
}

/** The way into the blocks that are open, each step of it a way back; nothing while the network itself is shown. */
export function Crumbs(): ReactElement | null {
  const session = useSession();
  const { path, data } = useSnapshot();
  if (path.length === 0) return null;
  const back = (depth: number): void => session.openPath(path.slice(0, depth), path.slice(depth, depth + 1));
  const steps = ["Network", ...path.map((id, i) => data.crumbs?.[i]?.title ?? id)];
  return (
    <nav className="crumbs" aria-label="Open blocks">
      <ol>
        {steps.map((title, depth) => (
          <li key={path.slice(0, depth).join("/")}>
            {depth > 0 && <Icon name="right" />}
            {depth < path.length ? (
              <button type="button" className="crumb" title={`Back to ${title}`} onClick={() => back(depth)}>
                {title}
              </button>
            ) : (
              <b aria-current="location">{title}</b>
            )}
          </li>
        ))}
      </ol>
      <Notice />
    </nav>
  );
}
