import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import type { CleanUp, ComponentArgs } from "../shared/streamlit.ts";

export default function canvas({ parentElement }: ComponentArgs<unknown>): CleanUp {
  const root = createRoot(parentElement);
  root.render(<StrictMode>canvas</StrictMode>);
  return () => root.unmount();
}
