import type { ReactElement } from "react";
import { usePart, useSession } from "./context.ts";
import { Icon } from "./icons.tsx";

/** Short messages at the foot of the canvas; `live` is the reason why the wire being drawn is refused. */
export function Toasts({ live }: { readonly live: string | null }): ReactElement {
  const session = useSession();
  const toasts = usePart((snap) => snap.toasts);
  const catalogueSays = usePart((snap) => snap.catalogueSays);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {catalogueSays && <div className="toast">{catalogueSays}</div>}
      {live && <div className="toast live">{live}</div>}
      {toasts.map((toast) => (
        <div className="toast" key={toast.id}>
          {toast.says}
          {toast.action && (
            <button type="button" className="link" onClick={toast.action.run}>
              {toast.action.label}
            </button>
          )}
          <button type="button" className="tool small" aria-label="Dismiss" onClick={() => session.dismiss(toast.id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
