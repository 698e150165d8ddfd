// How a view is laid out: the room that its host leaves, and what the person has chosen.

import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";

/** With less height than this the strip of a series gives its room to the picture. */
const ROOM_FOR_STRIP = 700;

export interface Layout {
  /** CSS pixels of height in which the widget can be seen whole. */
  readonly room: Signal<number>;
  /** Whether the person wants to see the strip of a series; null: as the room allows. */
  readonly stripChoice: Signal<boolean | null>;
  readonly stripOpen: ReadonlySignal<boolean>;
  /** The widget covers the window. */
  readonly fullWindow: Signal<boolean>;
}

export function createLayout(): Layout {
  const room = signal(0);
  const stripChoice = signal<boolean | null>(null);
  return {
    room,
    stripChoice,
    stripOpen: computed(() => stripChoice.value ?? room.value >= ROOM_FOR_STRIP),
    fullWindow: signal(false),
  };
}
