// The hand that holds a pen rests on the screen, too: while the pen is about, touches mean nothing.

/** Milliseconds after a pen was last seen. */
const LINGERS_MS = 500;

export class Palm {
  readonly #touches = new Set<number>();
  readonly #resting = new Set<number>();
  readonly #pens = new Set<number>();
  #lastPen = Number.NEGATIVE_INFINITY;

  /** Notes what a pointer does; true if it is a hand at rest, and means nothing. */
  rests({ type, pointerType, pointerId }: PointerEvent): boolean {
    if (pointerType === "pen") this.#notePen(type, pointerId);
    if (pointerType !== "touch") return false;
    if (type === "pointerdown") {
      this.#touches.add(pointerId);
      if (this.#isPenAbout()) this.#resting.add(pointerId);
    }
    const resting = this.#resting.has(pointerId);
    if (isOver(type)) {
      this.#touches.delete(pointerId);
      this.#resting.delete(pointerId);
    }
    return resting;
  }

  #notePen(type: string, id: number): void {
    this.#lastPen = performance.now();
    if (type === "pointerdown") {
      this.#pens.add(id);
      // The hand was there before the pen.
      for (const touch of this.#touches) this.#resting.add(touch);
    } else if (isOver(type)) this.#pens.delete(id);
  }

  #isPenAbout(): boolean {
    return this.#pens.size > 0 || performance.now() - this.#lastPen < LINGERS_MS;
  }
}

function isOver(type: string): boolean {
  return type === "pointerup" || type === "pointercancel" || type === "lostpointercapture";
}
