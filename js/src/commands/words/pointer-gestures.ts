// Every pointer gesture of the widget, in the words of the help.

/** For the help: what the pointer does on the image. */
export const POINTER_GESTURES: readonly { gesture: string; label: string }[] = [
  { gesture: "Click", label: "Include point" },
  { gesture: "Right-click or Alt+click", label: "Exclude point" },
  { gesture: "Drag", label: "Box" },
  { gesture: "Drag a point", label: "Move it" },
  { gesture: "Drag a box side or corner", label: "Resize it" },
  { gesture: "Drag just inside a box border", label: "Move the box" },
  {
    gesture: "Ctrl or Cmd + click",
    label: "Select an object, again for the next one beneath; with Shift one more",
  },
  { gesture: "Ctrl or Cmd + wheel, pinch", label: "Zoom at the pointer" },
  { gesture: "Space + drag, middle drag, two fingers", label: "Pan" },
  { gesture: "Long press (touch, pen)", label: "Exclude point" },
  {
    gesture: "Drag with the brush or eraser",
    label: "Paint on the mask, or erase; Alt swaps them",
  },
  { gesture: "The other end of a pen", label: "Erase, whatever the tool" },
];
