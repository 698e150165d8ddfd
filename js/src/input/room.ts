// How much height there is to see the widget whole, in any host.

import { effect } from "@preact/signals-core";
import type { Layout } from "../state/layout";

/** CSS pixels that stay free above and below. */
const MARGIN = 8;
/** Of a screen, what a browser and a notebook usually take: for frames, which do not know. */
const USUAL_SURROUNDINGS = 260;

/** Keep `layout.room`, and `--sam-room` for the style sheets, true until `signal` aborts. */
export function followRoom(root: HTMLElement, layout: Layout, signal: AbortSignal): void {
  let scroller: HTMLElement | null = null;
  const measure = (): void => {
    const room = layout.fullWindow.value ? globalThis.innerHeight : roomIn(scroller);
    layout.room.value = room;
    root.style.setProperty("--sam-room", `${room}px`);
  };
  const scrollers = new ResizeObserver(measure);
  const search = (): void => {
    scroller = scrollerAround(root);
    scrollers.disconnect();
    if (scroller) scrollers.observe(scroller);
    measure();
  };
  let shown = root.clientWidth > 0;
  const own = new ResizeObserver(() => {
    const wasShown = shown;
    shown = root.clientWidth > 0;
    // A notebook may put its cells somewhere else while they are off the page.
    if (shown && !wasShown) search();
  });
  own.observe(root);
  globalThis.addEventListener("resize", measure, { signal });
  search();
  const stop = effect(measure);
  signal.addEventListener("abort", () => {
    stop();
    own.disconnect();
    scrollers.disconnect();
  });
}

function roomIn(scroller: HTMLElement | null): number {
  if (scroller && scroller.clientHeight > 0) return scroller.clientHeight - MARGIN;
  // A frame may be as high as what is in it: its own height says nothing.
  if (globalThis.parent !== globalThis.self)
    return globalThis.screen.availHeight - USUAL_SURROUNDINGS;
  return globalThis.innerHeight - MARGIN;
}

/**
 * The nearest ancestor that scrolls and keeps its height whatever is in it. Others, such as the
 * output of a cell, may scroll as well, but are as high as their content: the widget is made very
 * high for a moment, in two steps, and those that keep their height are the ones.
 */
function scrollerAround(root: HTMLElement): HTMLElement | null {
  const candidates = [...ancestorsOf(root)].filter((element) =>
    /auto|scroll/u.test(getComputedStyle(element).overflowY),
  );
  const heightsWith = (height: number): number[] => {
    root.style.minHeight = `${height}px`;
    return candidates.map(({ clientHeight }) => clientHeight);
  };
  const { minHeight } = root.style;
  const before = heightsWith(20_000);
  const after = heightsWith(40_000);
  root.style.minHeight = minHeight;
  return candidates.find((_, index) => before[index] === after[index]) ?? null;
}

/** From the inside out, through shadow roots; without the document itself, which is the window. */
function* ancestorsOf(root: HTMLElement): Generator<HTMLElement> {
  let element: HTMLElement | null = parentOf(root);
  while (element && element !== document.body && element !== document.documentElement) {
    yield element;
    element = parentOf(element);
  }
}

function parentOf(element: HTMLElement): HTMLElement | null {
  if (element.parentElement) return element.parentElement;
  const top = element.getRootNode();
  return top instanceof ShadowRoot && top.host instanceof HTMLElement ? top.host : null;
}
