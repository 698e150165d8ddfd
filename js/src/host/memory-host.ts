// An anywidget host without a notebook: an in-memory model, and the kernel's end of its wire.
// The dev page and the tests run the widget on it.

import type { AnyModel, AnyWidget, Experimental, RenderProps } from "@anywidget/types";

type State = Record<string, unknown>;
type Listener = (...details: unknown[]) => void;

/** A message from the page, as a kernel receives it. */
export type Receive = (content: unknown, buffers?: readonly ArrayBuffer[]) => void;

export interface Host<T extends State> {
  readonly model: AnyModel<T>;
  /** Set traits as the kernel does: all of them first, then one event for each. */
  publish(traits: Partial<T>): void;
  /** An event of the host's own. */
  emit(event: string): void;
  /** Hand the page a message from the kernel. */
  deliver(content: unknown, buffers?: readonly DataView[]): void;
  /** Render `widget` into `el`; the function returned takes the view away again. */
  render(widget: AnyWidget<T>, el: HTMLElement): Promise<() => void>;
}

/** A host whose model starts with `traits` and whose kernel is `receive`. */
export function createHost<T extends State>(traits: T, receive: Receive): Host<T> {
  const state = { ...traits };
  const listeners = new Map<string, Set<Listener>>();
  const emit = (event: string, ...details: unknown[]) => {
    for (const listener of [...(listeners.get(event) ?? [])]) listener(...details);
  };
  const publish = (changed: Partial<T>) => {
    Object.assign(state, changed);
    for (const name of Object.keys(changed)) emit(`change:${name}`);
  };
  const model = {
    get: <K extends keyof T>(name: K) => state[name],
    set: <K extends keyof T>(name: K, value: T[K]) =>
      publish({ [name]: value } as unknown as Partial<T>),
    on: (event: string, listener: Listener) => {
      listeners.set(event, (listeners.get(event) ?? new Set()).add(listener));
    },
    off: (event?: string | null, listener?: Listener | null) => {
      if (!event) listeners.clear();
      else if (listener) listeners.get(event)?.delete(listener);
      else listeners.delete(event);
    },
    send: (content: unknown, _callbacks?: unknown, buffers?: readonly ArrayBuffer[]) =>
      buffers ? receive(content, buffers) : receive(content),
    save_changes: () => undefined,
  } as unknown as AnyModel<T>;

  return {
    model,
    publish,
    emit,
    deliver: (content, buffers = []) => emit("msg:custom", content, buffers),
    render: async (widget, el) => {
      const views = new AbortController();
      const definition = typeof widget === "function" ? await widget() : widget;
      const props = { model, el, signal: views.signal, experimental: {} as Experimental };
      const cleanUp = await definition.render?.(props as unknown as RenderProps<T>);
      return () => {
        views.abort();
        if (typeof cleanUp === "function") void cleanUp();
      };
    },
  };
}
