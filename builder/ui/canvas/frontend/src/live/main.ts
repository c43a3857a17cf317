import type { CleanUp, ComponentArgs } from "../shared/streamlit.ts";

export default function live({ parentElement }: ComponentArgs<unknown>): CleanUp {
  parentElement.append("charts");
  return () => parentElement.replaceChildren();
}
