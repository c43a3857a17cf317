/** What Streamlit hands to the default export of a v2 component, each time data or theme changes. */
export interface ComponentArgs<Data> {
  readonly key: string;
  readonly data: Data;
  readonly parentElement: HTMLElement | ShadowRoot;
  setStateValue(name: string, value: unknown): void;
  setTriggerValue(name: string, value: unknown): void;
}

/** Called once when the component leaves the page. */
export type CleanUp = () => void;
