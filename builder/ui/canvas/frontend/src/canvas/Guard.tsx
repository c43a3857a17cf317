import { Component, type ErrorInfo, type ReactElement, type ReactNode } from "react";

interface Props {
  readonly children: ReactNode;
}

interface State {
  readonly says: string | null;
}

/** What stands in the place of a canvas that could not be drawn: nothing of the drawing is lost with it, for the server has it. */
export class Guard extends Component<Props, State> {
  override state: State = { says: null };

  static getDerivedStateFromError(error: unknown): State {
    return { says: String(error) };
  }

  override componentDidCatch(error: Error, where: ErrorInfo): void {
    console.error(error, where.componentStack);
  }

  override render(): ReactNode {
    const { says } = this.state;
    return says === null ? this.props.children : <Sorry says={says} onAgain={() => this.setState({ says: null })} />;
  }
}

function Sorry({ says, onAgain }: { readonly says: string; onAgain(): void }): ReactElement {
  return (
    <div className="sorry" role="alert">
      <p>
        <b>The canvas could not be drawn.</b> Your drawing is safe: it was saved with every edit. If your last change brought this about, undo it after a reload.
      </p>
      <p className="quiet">{says}</p>
      <div className="buttons">
        <button type="button" className="primary" onClick={onAgain}>
          Draw it again
        </button>
        <button type="button" onClick={() => location.reload()}>
          Reload the page
        </button>
      </div>
    </div>
  );
}
