import type { ReactElement } from "react";

/** 16 px line icons, drawn with the text's colour. */
const PATHS = {
  undo: "M6 3 2.8 6.2 6 9.4M3 6.2h6.2a3.6 3.6 0 0 1 0 7.2H6",
  redo: "M10 3l3.2 3.2L10 9.4M13 6.2H6.8a3.6 3.6 0 0 0 0 7.2H10",
  layout: "M6 2.5h4v3H6zM2 10.5h4v3H2zM10 10.5h4v3h-4zM8 5.5V8M4 10.5V8h8v2.5",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  map: "M2.5 3.5h11v9h-11zM8.5 8.5h3v2.5h-3z",
  search: "M7 12a5 5 0 1 0 0-10 5 5 0 0 0 0 10zM10.7 10.7 14 14",
  close: "M4 4l8 8M12 4l-8 8",
  check: "M3 8.5 6.5 12 13 4.5",
  link: "M6.5 9.5l3-3M7 4.5l1.2-1.2a3 3 0 0 1 4.3 4.3L11.3 8.8M9 11.5l-1.2 1.2a3 3 0 0 1-4.3-4.3L4.7 7.2",
  split: "M8 2.5v11M4.5 5 2 8l2.5 3M11.5 5 14 8l-2.5 3",
  reset: "M3 8a5 5 0 1 0 1.6-3.7M3 2.5v3h3",
  alert: "M8 2 1.5 13.5h13zM8 6.5v3.2M8 11.6v.2",
  info: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.3v3.7M8 5v.2",
  layers: "M8 2 2 5.2l6 3.2 6-3.2zM2 8.3l6 3.2 6-3.2M2 11.2l6 3.2 6-3.2",
  book: "M3 2.5h7.5a1.5 1.5 0 0 1 1.5 1.5v9.5H4.5A1.5 1.5 0 0 1 3 12zM3 12a1.5 1.5 0 0 1 1.5-1.5H12",
  up: "M4 10l4-4 4 4",
  chevron: "M4 6l4 4 4-4",
  lasso: "M2.5 5.5v-3h3M10.5 2.5h3v3M2.5 10.5v3h3M8 8l5.5 2.2-2.4 1-1 2.4z",
  keyboard: "M1.5 4h13v8.5h-13zM4 6.7h.1M6.7 6.7h.1M9.3 6.7h.1M12 6.7h.1M4 9.8h.1M6.2 9.8h3.6M12 9.8h.1",
  mute: "M3 8h2.5M10.5 8H13M5.5 4.5h5v7h-5zM4 13 12 3",
  snow: "M8 1.8v12.4M2.6 4.9l10.8 6.2M13.4 4.9 2.6 11.1M6 2.6l2 1.6 2-1.6M6 13.4l2-1.6 2 1.6M2.8 7.3l.4-2.5 2.4.6M13.2 8.7l-.4 2.5-2.4-.6M13.2 7.3l-.4-2.5-2.4.6M2.8 8.7l.4 2.5 2.4-.6",
  swap: "M3 5.5h9.5M9.8 2.8l2.7 2.7-2.7 2.7M13 10.5H3.5M6.2 7.8l-2.7 2.7 2.7 2.7",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  alignLeft: "M2.5 2v12M5 4.5h8.5v2.5H5zM5 9.5h5V12H5z",
  alignCentre: "M8 2v12M3.8 4.5h8.4v2.5H3.8zM5.5 9.5h5V12h-5z",
  alignRight: "M13.5 2v12M2.5 4.5H11v2.5H2.5zM6 9.5h5V12H6z",
  alignTop: "M2 2.5h12M4.5 5h2.5v8.5H4.5zM9.5 5H12v5H9.5z",
  alignMiddle: "M2 8h12M4.5 3.8h2.5v8.4H4.5zM9.5 5.5H12v5H9.5z",
  alignBottom: "M2 13.5h12M4.5 2.5h2.5V11H4.5zM9.5 6H12v5H9.5z",
  across: "M2.5 2v12M13.5 2v12M6.7 4.5h2.6v7H6.7z",
  down: "M2 2.5h12M2 13.5h12M4.5 6.7h7v2.6h-7z",
  flowRight: "M2 5.5h4v5H2zM10 5.5h4v5h-4zM6 8h4",
  list: "M2.5 4h.1M5.5 4h8M2.5 8h.1M5.5 8h8M2.5 12h.1M5.5 12h8",
  history: "M3 8a5 5 0 1 0 1.6-3.7M3 2.5v3h3M8 5.2V8l2 1.6",
  eye: "M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8zM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  first: "M4 3.5v9M12 3.5 7 8l5 4.5",
  back: "M10 3.5 5.5 8l4.5 4.5",
  on: "M6 3.5 10.5 8 6 12.5",
  trash: "M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.6 9h5.8l.6-9M7 7v4M9 7v4",
  block: "M2.5 6.5h11v7h-11zM4.5 6.5V4h2.5v2.5M9 6.5V4h2.5v2.5M2.5 10h11",
  open: "M9.5 2.5h4v4M13.5 2.5 8.5 7.5M11.5 9v4.5h-9v-9H7",
  unlink: "M7 4.5l1.2-1.2a3 3 0 0 1 4.3 4.3L11.3 8.8M9 11.5l-1.2 1.2a3 3 0 0 1-4.3-4.3L4.7 7.2M2.5 2.5l11 11",
  unpack: "M3 6.5h4v4H3zM9 9.5h4v4H9zM9 2.5h4v4H9z",
  pin: "M5.5 2.5h5M6.5 2.5v4L4 9.5h8L9.5 6.5v-4M8 9.5v4.5",
  lock: "M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5",
  right: "M6 3.5 10.5 8 6 12.5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }): ReactElement {
  return (
    <svg className="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}

/** A small brick in the colour of its category. */
export function BrickChip({ category }: { readonly category: string }): ReactElement {
  return (
    <svg className="chip" data-category={category} viewBox="0 0 20 14" width="20" height="14" aria-hidden="true" focusable="false">
      <rect x="4" y="0" width="4" height="4" rx="1" />
      <rect x="12" y="0" width="4" height="4" rx="1" />
      <rect x="1" y="3" width="18" height="11" rx="2" />
    </svg>
  );
}
