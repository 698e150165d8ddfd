// A connection to a kernel that is a list: what was sent is noted, answers are given by hand.

import { createHost } from "../../src/host/memory-host";
import { NO_IMAGE, packAnswer } from "../../src/host/traits";
import type { Traits, WireAnnotation } from "../../src/protocol";
import { EMPTY_DOCUMENT, NO_ANSWER } from "../../src/state/document";
import { createStore } from "../../src/state/store";
import { connect } from "../../src/wire/connection";

export interface Sent {
  type: string;
  id: string;
  version: number;
  [field: string]: unknown;
}

export const TRAITS: Traits & Record<string, unknown> = {
  image_state: NO_IMAGE,
  document: EMPTY_DOCUMENT,
  answer: packAnswer(NO_ANSWER),
  status: "ready",
  problem: null,
  model_info: { name: "fake", device: "cpu", encode_ms: 1, decode_ms: null },
  label_colors: {},
  series_state: null,
  labels: ["cup"],
  offered_labels: [],
  accept_on_label: false,
};

export function bytes(text: string): DataView {
  return new DataView(new TextEncoder().encode(text).buffer);
}

export function annotation(id: string, buffer: number | null): WireAnnotation {
  return {
    id,
    label: id,
    color: "#112233",
    visible: true,
    score: 0.9,
    stability: 1,
    area: 2,
    bbox: [0, 0, 1, 2],
    width: 2,
    height: 2,
    buffer,
  };
}

/** The element of a view, with the mark of Jupyter's widget managers if no kernel is behind it. */
export function view(marks: ReadonlySet<string> = new Set()): Element {
  return { classList: { contains: (name: string) => marks.has(name) } } as unknown as Element;
}

export function connected(traits: Partial<Traits> = {}, element: Element = view()) {
  const sent: Sent[] = [];
  const along: (readonly ArrayBuffer[] | undefined)[] = [];
  const host = createHost({ ...TRAITS, ...traits }, (content, sentAlong) => {
    sent.push(content as Sent);
    along.push(sentAlong);
  });
  const store = createStore();
  const abort = new AbortController();
  const actions = connect(host.model, store, abort.signal, element);
  const last = () => sent.at(-1) as Sent;
  const answer = (request: Sent, fields: object, buffers: DataView[] = []) =>
    host.deliver({ type: "reply", to: request.id, ...fields }, buffers);
  return { host, store, actions, sent, along, last, answer, abort };
}
