// The anywidget entry: one store, one connection and one app per rendered view. No logic.

import type { RenderProps } from "@anywidget/types";
import { mountApp } from "./app";
import type { Traits } from "./protocol";
import { createStore } from "./state/store";
import { connect } from "./wire/connection";
import "./widget.css";

function render({ model, el, signal }: RenderProps<Traits & Record<string, unknown>>): void {
  const store = createStore();
  const actions = connect(model, store, signal, el);
  const root = document.createElement("div");
  root.className = "sam-widget";
  el.classList.add("sam-host");
  el.append(root);
  mountApp(root, store, actions, signal);
  signal.addEventListener("abort", () => root.remove(), { once: true });
}

export default { render };
