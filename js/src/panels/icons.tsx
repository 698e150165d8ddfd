// Every icon, drawn on a 16 x 16 grid with strokes in the text's colour.

const PATHS = {
  point: "M8 2.5v3M8 10.5v3M2.5 8h3M10.5 8h3M8 8h.01",
  box: "M3 5V3h2M11 3h2v2M13 11v2h-2M5 13H3v-2M7 3h2M7 13h2M3 7v2M13 7v2",
  pan: "M8 1.8v12.4M1.8 8h12.4M6.2 3.6 8 1.8l1.8 1.8M6.2 12.4 8 14.2l1.8-1.8M3.6 6.2 1.8 8l1.8 1.8M12.4 6.2 14.2 8l-1.8 1.8",
  undo: "M5.5 3 2.5 6l3 3M2.5 6h7a4 4 0 0 1 0 8h-3",
  redo: "M10.5 3l3 3-3 3M13.5 6h-7a4 4 0 0 0 0 8h3",
  clear: "M4 4l8 8M12 4l-8 8",
  zoomIn: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.3 10.3l3.4 3.4M7 5v4M5 7h4",
  zoomOut: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.3 10.3l3.4 3.4M5 7h4",
  zoomFit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10M5.5 6h5v4h-5z",
  opacity:
    "M8 2.2S3.6 6.6 3.6 9.4a4.4 4.4 0 0 0 8.8 0C12.4 6.6 8 2.2 8 2.2ZM8 5v8.5M8 7l2.6 2.4M8 10l3.4 1.6",
  outline: "M8 2.6c2.8 0 5.2 1.6 5.2 4.4 0 3.2-2 6.4-5.4 6.4S2.8 11 2.8 8 5 2.6 8 2.6Z",
  hover: "M3.2 2.6l4 9.8 1.5-4 4-1.5-9.5-4.3ZM9.6 9.6l3.8 3.8",
  help: "M5.9 6a2.1 2.1 0 1 1 3.2 1.8c-.8.5-1.1.9-1.1 1.7M8 12h.01",
  eye: "M1.8 8S4 3.8 8 3.8 14.2 8 14.2 8 12 12.2 8 12.2 1.8 8 1.8 8ZM8 6.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6",
  eyeOff:
    "M2.5 2.5l11 11M6.4 4A6.6 6.6 0 0 1 8 3.8c4 0 6.2 4.2 6.2 4.2a11 11 0 0 1-1.7 2.2M4.2 5.2A10.6 10.6 0 0 0 1.8 8S4 12.2 8 12.2a6.3 6.3 0 0 0 2.9-.7",
  refine: "M10.8 2.8l2.4 2.4-7.6 7.6-3 .6.6-3zM9.2 4.4l2.4 2.4",
  trash: "M2.8 4.2h10.4M6.2 4.2V2.6h3.6v1.6M4.2 4.2l.6 9.2h6.4l.6-9.2M6.8 6.8v4M9.2 6.8v4",
  plus: "M8 3.5v9M3.5 8h9",
  minus: "M3.5 8h9",
  mask: "M8 2.8c3 0 5 1.5 5 4.6 0 3-2 5.8-5.2 5.8S3 10.8 3 8s2-5.2 5-5.2ZM4 10l6-6.5M6 12.4l6.6-7",
  everything: "M3 3h4.2v4.2H3zM8.8 3H13v4.2H8.8zM3 8.8h4.2V13H3zM8.8 8.8H13V13H8.8z",
  check: "M3 8.5l3.3 3.3L13 4.5",
  warning: "M8 2.5l6 10.8H2zM8 6.5v3M8 11.5h.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="sam-icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
