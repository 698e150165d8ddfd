import { expect, it } from "vitest";
import { connected } from "../support/connected";

it("a view's choice about labels that accept holds until Python says something new", () => {
  const { host, store } = connected();
  expect(store.acceptOnLabel.value).toBe(false);
  store.acceptOnLabelChoice.value = true;
  host.publish({ labels: ["cup", "spoon"] });
  expect(store.acceptOnLabel.value).toBe(true);
  store.acceptOnLabelChoice.value = false;
  host.publish({ accept_on_label: true });
  expect(store.acceptOnLabel.value).toBe(true);
  host.publish({ accept_on_label: false });
  expect(store.acceptOnLabel.value).toBe(false);
});
