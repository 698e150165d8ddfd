// Mouse, touch and pen to the active tool, in image coordinates. Only this file knows pointer
// events; only tools know what a press means.

import { effect, signal } from "@preact/signals-core";
import type { CommandContext } from "../commands/context";
import { isApple } from "../commands/platform";
import { zoomView } from "../commands/zoom";
import {
  clampToImage,
  clientToStage,
  imageToStage,
  type Point,
  stageToImage,
  transformOf,
} from "../geometry/viewport";
import type { Interaction } from "../state/interaction";
import { shownPrompts } from "../state/optimistic";
import type { Store } from "../state/store";
import { type Hit, hitTest, type PointerKind } from "../tools/hit-test";
import { panTool } from "../tools/pan";
import { selectTool } from "../tools/select";
import type { Drag, Sample, Tool, ToolContext } from "../tools/tool";
import { TOOLS } from "../tools/toolbox";
import { askForPreviews } from "./hover-preview";
import { Palm } from "./palm";
import { Pinch } from "./pinch";
import { mountTrackpadPinch } from "./trackpad-pinch";

/** A press becomes a drag by distance, never by time: CSS pixels of the screen. */
const TRAVEL = { mouse: 4, pen: 6, touch: 10 } as const;
/** A finger or pen that rests this long leaves out what is under it. */
const LONG_PRESS_MS = 500;
/** CSS pixels beyond the image's border that still mean the border. */
const BORDER = 8;

interface Press {
  readonly id: number;
  readonly client: Point;
  readonly touch: boolean;
  /** It began on the margin around the image, where only a drag means something. */
  readonly beside: boolean;
  readonly exclude: boolean;
  readonly tool: Tool;
  drag: Drag;
  travelled: boolean;
  longPress: ReturnType<typeof setTimeout> | undefined;
}

export function mountPointer(
  stage: HTMLElement,
  context: CommandContext,
  aborted: AbortSignal,
): void {
  const input = new PointerInput(stage, context);
  context.interaction.cancelDrag = () => input.cancel();

  const listen = <Kind extends keyof HTMLElementEventMap>(
    kind: Kind,
    handle: (event: HTMLElementEventMap[Kind]) => void,
  ): void => stage.addEventListener(kind, handle, { signal: aborted, passive: false });
  const palm = new Palm();
  const unlessPalm = (handle: (event: PointerEvent) => void) => (event: PointerEvent) => {
    if (!palm.rests(event)) handle(event);
  };
  listen(
    "pointerdown",
    unlessPalm((event) => input.down(event)),
  );
  listen(
    "pointermove",
    unlessPalm((event) => input.move(event)),
  );
  listen(
    "pointerup",
    unlessPalm((event) => input.up(event)),
  );
  listen(
    "pointercancel",
    unlessPalm((event) => input.lose(event)),
  );
  listen(
    "lostpointercapture",
    unlessPalm((event) => input.lose(event)),
  );
  listen("pointerleave", () => input.leave());
  listen("wheel", (event) => input.wheel(event));
  mountTrackpadPinch(stage, context.store, input, aborted);
  // The right button is ours: neither the browser's menu nor the notebook's may open.
  listen("contextmenu", suppress);
  listen("dragstart", suppress);
  // Middle button: no automatic scrolling and no pasting.
  listen("mousedown", (event) => event.button === 1 && event.preventDefault());
  listen("auxclick", (event) => event.button === 1 && event.preventDefault());

  const stopCursor = effect(() => input.refresh());
  const stopPreview = askForPreviews(context);
  aborted.addEventListener("abort", () => {
    stopCursor();
    stopPreview();
    input.cancel();
  });
}

function suppress(event: Event): void {
  event.preventDefault();
  event.stopPropagation();
}

class PointerInput {
  readonly #stage: HTMLElement;
  readonly #store: Store;
  readonly #interaction: Interaction;
  readonly #context: ToolContext;
  readonly #pinch: Pinch;
  #press: Press | null = null;
  readonly #hover = signal<Sample | null>(null);
  #activeByHover = false;

  constructor(stage: HTMLElement, context: CommandContext) {
    const { store, interaction } = context;
    this.#stage = stage;
    this.#store = store;
    this.#interaction = interaction;
    this.#pinch = new Pinch(store);
    this.#context = {
      ...context,
      transform: () => {
        const image = store.image.value ?? { width: 1, height: 1 };
        return transformOf(image, store.stageSize.value, store.view.value);
      },
      hit: (sample) => this.#hit(sample),
    };
  }

  down(event: PointerEvent): void {
    this.#stage.focus({ preventScroll: true });
    this.#interaction.crosshair.value = null;
    this.#interaction.anchor.value = null;
    // What touched before the pen was the hand that holds it.
    if (event.pointerType === "pen") this.#dropTouches();
    if (event.pointerType === "touch" && this.#pinch.add(event.pointerId, this.#at(event))) {
      this.cancel();
      return;
    }
    // One press at a time: other buttons and other pointers wait for its end.
    if (this.#press || this.#store.image.value === null) return;
    const secondary = event.button === 2 || (event.button === 0 && event.ctrlKey && isApple());
    const middle = event.button === 1;
    const erases = isEraserEnd(event);
    if (!(event.button === 0 || secondary || middle || erases)) return;
    const panning = middle || this.#interaction.panning.value;
    const picking = event.button === 0 && picks(event);
    const tool = erases && !panning ? TOOLS.eraser : this.#toolFor(panning, picking);
    const exclude = secondary || event.altKey;
    const sample = this.#sample(event, exclude, false);
    this.#press = {
      id: event.pointerId,
      client: { x: event.clientX, y: event.clientY },
      touch: event.pointerType === "touch",
      beside: !(tool.edits || this.#isOnImage(sample)),
      exclude,
      tool,
      drag: tool.down(sample, this.#context),
      travelled: false,
      longPress: undefined,
    };
    const holds = event.pointerType !== "mouse" && tool !== panTool && !tool.edits;
    if (holds && !exclude && !this.#press.beside) this.#awaitLongPress(sample);
    capture(this.#stage, event.pointerId);
    this.refresh();
  }

  move(event: PointerEvent): void {
    if (this.#pinch.move(event.pointerId, this.#at(event))) return;
    const press = this.#press;
    if (press?.id === event.pointerId) {
      for (const place of everyPlace(event)) press.drag.move(this.#follow(press, place));
    } else if (press === null && event.pointerType !== "touch") {
      const { anchor, crosshair, picking } = this.#interaction;
      // A mouse at rest "moves" when the page scrolls under it: that takes no keyboard's crosshair.
      const moved = event.movementX !== 0 || event.movementY !== 0;
      if (moved && anchor.value === null) crosshair.value = null;
      picking.value = picks(event);
      this.#point(this.#sample(event, event.altKey, false));
    }
  }

  up(event: PointerEvent): void {
    this.#pinch.remove(event.pointerId);
    const press = this.#press;
    if (press?.id !== event.pointerId) return;
    const sample = this.#follow(press, event);
    this.#release();
    if (press.beside && (press.exclude || !press.travelled)) press.drag.cancel();
    else press.drag.up(sample);
    if (event.pointerType !== "touch") this.#point(sample);
  }

  /** The browser took the pointer away. */
  lose(event: PointerEvent): void {
    this.#pinch.remove(event.pointerId);
    if (this.#press?.id === event.pointerId) this.cancel();
  }

  /** Gives up the press under way; false if there is none. */
  cancel(): boolean {
    const press = this.#press;
    if (press === null) return false;
    this.#release();
    press.drag.cancel();
    return true;
  }

  leave(): void {
    if (this.#press) return;
    this.#hover.value = null;
    this.#store.hover.value = null;
    this.#interaction.picking.value = false;
  }

  wheel(event: WheelEvent): void {
    // Without a modifier the page scrolls, as everywhere else in a notebook.
    if (!(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    zoomView(this.#store, wheelFactor(event), this.#at(event));
    if (this.#hover.value && !this.#press) this.#point(this.#sample(event, false, false));
  }

  /** What is under the resting pointer, and the cursor that says so; follows all they depend on. */
  refresh(): void {
    const { activePrompt } = this.#store;
    const { panning, picking } = this.#interaction;
    const active = this.#toolFor(panning.value, picking.value);
    const hover = this.#hover.value;
    const hit = hover && active.adjusts ? this.#hit(hover) : null;
    if (this.#press) {
      if (this.#press.tool === panTool) this.#stage.style.cursor = "grabbing";
      return;
    }
    this.#stage.style.cursor = active.cursor(hit);
    if (hit) {
      this.#activeByHover = true;
      const next = hit.kind === "point" ? hit : ({ kind: "box" } as const);
      if (!samePrompt(activePrompt.peek(), next)) activePrompt.value = next;
    } else if (this.#activeByHover) {
      this.#activeByHover = false;
      activePrompt.value = null;
    }
  }

  #toolFor(panning: boolean, picking: boolean): Tool {
    if (panning) return panTool;
    return picking ? selectTool : TOOLS[this.#store.tool.value];
  }

  #point(sample: Sample): void {
    this.#hover.value = sample;
    this.#store.hover.value = this.#isOnImage(sample) ? sample.image : null;
  }

  /** Samples beside the image have their place at its border, which is not what is under them. */
  #isOnImage({ image, stage }: Sample): boolean {
    const nearest = imageToStage(this.#context.transform(), image);
    return Math.hypot(nearest.x - stage.x, nearest.y - stage.y) <= BORDER;
  }

  #hit(sample: Sample): Hit | null {
    const { document, pending } = this.#store;
    const shown = shownPrompts(document.value.prompts, pending.value);
    return hitTest(shown, this.#context.transform(), sample.stage, sample.kind);
  }

  #awaitLongPress(sample: Sample): void {
    const press = this.#press;
    if (press === null) return;
    press.longPress = setTimeout(() => {
      if (this.#press !== press || press.travelled) return;
      this.cancel();
      const exclude = { ...sample, exclude: true };
      press.tool.down(exclude, this.#context).up(exclude);
    }, LONG_PRESS_MS);
  }

  #follow(press: Press, event: PointerEvent): Sample {
    const kind = kindOf(event);
    const distance = Math.hypot(event.clientX - press.client.x, event.clientY - press.client.y);
    press.travelled ||= distance >= TRAVEL[kind];
    if (press.travelled) clearTimeout(press.longPress);
    return this.#sample(event, press.exclude, press.travelled);
  }

  #release(): void {
    clearTimeout(this.#press?.longPress);
    this.#press = null;
    this.refresh();
  }

  isTouched(): boolean {
    return this.#pinch.isTouched;
  }

  #dropTouches(): void {
    this.#pinch.drop();
    if (this.#press?.touch) this.cancel();
  }

  #at({ clientX, clientY }: MouseEvent): Point {
    return this.placeOf({ x: clientX, y: clientY });
  }

  /** Where on the stage a place of the window is. */
  placeOf(client: Point): Point {
    return clientToStage(this.#stage.getBoundingClientRect(), this.#store.stageSize.value, client);
  }

  #sample(event: PointerEvent | WheelEvent, exclude: boolean, travelled: boolean): Sample {
    const stage = this.#at(event);
    const size = this.#store.image.value ?? { width: 1, height: 1 };
    const image = clampToImage(size, stageToImage(this.#context.transform(), stage));
    return { image, stage, kind: kindOf(event), exclude, adds: event.shiftKey, travelled };
  }
}

/** Whether a click selects objects, whatever the tool. */
function picks({ ctrlKey, metaKey }: PointerEvent): boolean {
  return isApple() ? metaKey : ctrlKey;
}

function kindOf(event: PointerEvent | WheelEvent): PointerKind {
  const type = "pointerType" in event ? event.pointerType : "mouse";
  return type === "touch" || type === "pen" ? type : "mouse";
}

/** The other end of a pen, which rubs out whatever tool is in hand. */
function isEraserEnd({ pointerType, button, buttons }: PointerEvent): boolean {
  return pointerType === "pen" && (button === 5 || Math.floor(buttons / 32) % 2 === 1);
}

function samePrompt(first: Store["activePrompt"]["value"], other: typeof first): boolean {
  if (first === null || other === null) return first === other;
  if (first.kind === "point" && other.kind === "point") return first.index === other.index;
  return first.kind === other.kind;
}

/** A browser reports once a frame where a fast pointer was several times in between. */
function everyPlace(event: PointerEvent): readonly PointerEvent[] {
  const all = event.getCoalescedEvents?.() ?? [];
  return all.length > 0 ? all : [event];
}

/** A pointer that is already up cannot be captured; its release then comes without it. */
function capture(stage: HTMLElement, pointerId: number): void {
  try {
    stage.setPointerCapture(pointerId);
  } catch {
    // Nothing to do: moves within the stage still arrive.
  }
}

/** Pinches of a track pad come as many small steps, a mouse wheel as few large ones. */
function wheelFactor({ deltaY, deltaMode }: WheelEvent): number {
  const step = deltaMode === 0 ? deltaY : deltaY * 30;
  const speed = Math.abs(step) < 50 ? 0.01 : 0.002;
  return Math.min(Math.max(Math.exp(-step * speed), 0.5), 2);
}
