// Accepted objects: one row each, usable with hundreds.

import { useEffect, useRef } from "preact/hooks";
import type { Actions, Store } from "../store";
import { ObjectRow } from "./object-row";

interface Props {
  store: Store;
  actions: Actions;
}

export function Objects({ store, actions }: Props) {
  const list = useRef<HTMLUListElement>(null);
  const objects = store.objects.value;
  const count = objects.length;
  const before = useRef(count);
  useEffect(() => {
    // The newest object is the last: show it, without moving the page.
    if (list.current && count > before.current) list.current.scrollTop = list.current.scrollHeight;
    before.current = count;
  }, [count]);
  return (
    <section class="sam-panel sam-objects" aria-label="Objects">
      <header class="sam-panel-head">
        <h3>Objects</h3>
        {count > 0 && <span class="sam-badge">{count}</span>}
      </header>
      <ul
        class="sam-object-list"
        data-testid="object-list"
        ref={list}
        aria-label="Accepted objects"
      >
        {count === 0 && <li class="sam-placeholder">Accepted objects are listed here.</li>}
        {objects.map((object) => (
          <ObjectRow key={object.id} object={object} store={store} actions={actions} />
        ))}
      </ul>
    </section>
  );
}
